//! Whose certificates are accepted.

use std::error::Error;

use crate::server::{Manner, Server};
use crate::{client, get};

#[tokio::test]
async fn a_certificate_by_a_trusted_authority_is_accepted() {
    let server = Server::tls("good", Manner::Answer);
    assert_eq!(get(&client(), &server.url).await.unwrap(), 200);
}

#[tokio::test]
async fn any_other_certificate_is_refused_and_the_error_says_why() {
    for (certificate, why) in [
        ("self-signed", "UnknownIssuer"),
        ("expired", "certificate expired"),
        ("other-host", "certificate not valid for name \"localhost\""),
    ] {
        let server = Server::tls(certificate, Manner::Answer);
        let error = get(&client(), &server.url).await.unwrap_err();
        assert!(error.is_io(), "{error:?}");
        let causes = std::iter::successors(error.source(), |&error| error.source());
        let text: Vec<_> = causes.map(ToString::to_string).collect();
        assert!(text.join(": ").contains(why), "{text:?}");

        let error = client().open(&server.url, std::time::Duration::from_secs(5)).await;
        error.unwrap_err();
    }
}
