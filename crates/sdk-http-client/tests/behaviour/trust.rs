//! Validation of server certificates.

use std::error::Error;

use crate::server::{Manner, Server};
use crate::{client, get};

#[tokio::test]
async fn accepts_certificate_of_trusted_authority() {
    let server = Server::tls("good", Manner::Answer);
    assert_eq!(get(&client(), &server.url).await.unwrap(), 200);
}

#[tokio::test]
async fn rejects_other_certificates_with_reason() {
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
