//! Lists objects.

use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};

use super::client::S3;
use super::error::S3Error;
use super::request::ObjectRequest;
use crate::{ErrorClass, Listed, ObjectUrl};

/// One page of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    /// Key and size.
    objects: Vec<(String, u64)>,
    /// Whether the keys are URL-encoded.
    encoded: bool,
    next: Option<String>,
}

impl S3 {
    /// Returns all objects whose keys begin with the URL's key, sorted by key.
    ///
    /// # Errors
    ///
    /// [`S3Error`] if S3 cannot be reached, or its response is not a list.
    pub async fn list(&self, prefix: &ObjectUrl) -> Result<Vec<Listed>, S3Error> {
        let what = format!("listing {prefix}");
        let wrong = |problem: &str| S3Error::new(&what, ErrorClass::Fault, problem);
        let (mut objects, mut token) = (Vec::new(), None::<String>);
        loop {
            // Without an encoding, XML cannot represent keys with control characters.
            let mut query = vec![("encoding-type", "url"), ("list-type", "2")];
            query.push(("prefix", prefix.key()));
            query.extend(token.as_deref().map(|token| ("continuation-token", token)));
            let (bucket, key) = (prefix.bucket(), "");
            let request = ObjectRequest {
                method: "GET",
                bucket,
                key,
                query: &query,
                headers: &[],
                body: &[],
            };
            let answer = self.send(&request, &what).await?;
            let page =
                page(&answer).ok_or_else(|| wrong("the response is not a list of objects"))?;
            for (key, size) in page.objects {
                let key = if page.encoded { decoded(&key) } else { Some(key) };
                let url = key.and_then(|key| prefix.with_key(&key).ok());
                let url = url.ok_or_else(|| wrong("the response has an invalid key"))?;
                objects.push(Listed { url, size });
            }
            match page.next {
                Some(next) if token.as_ref() == Some(&next) => {
                    return Err(wrong("the pages of the list repeat"));
                }
                Some(next) => token = Some(next),
                None => return Ok(objects),
            }
        }
    }
}

/// Returns the text of an element directly below the root.
pub(crate) fn element(text: &str, name: &str) -> Option<String> {
    let mut document = Document::new(text);
    let mut root = document.root_element().ok()?;
    while let Some(mut tag) = root.next_tag() {
        if tag.start_el().local() == name {
            return text_of(&mut tag);
        }
    }
    None
}

fn page(answer: &[u8]) -> Option<Page> {
    let mut document = Document::try_from(answer).ok()?;
    let mut root = document.root_element().ok()?;
    if root.start_el().local() != "ListBucketResult" {
        return None;
    }
    let mut page = Page::default();
    let mut more = false;
    while let Some(mut tag) = root.next_tag() {
        match tag.start_el().local() {
            "Contents" => page.objects.push(object(&mut tag)?),
            "EncodingType" => page.encoded = text_of(&mut tag)? == "url",
            "IsTruncated" => more = text_of(&mut tag)? == "true",
            "NextContinuationToken" => page.next = Some(text_of(&mut tag)?),
            _ => {}
        }
    }
    match (more, &page.next) {
        (true, None) => None,
        (true, Some(_)) => Some(page),
        (false, _) => Some(Page { next: None, ..page }),
    }
}

fn object(contents: &mut ScopedDecoder<'_, '_>) -> Option<(String, u64)> {
    let (mut key, mut size) = (None, None);
    while let Some(mut tag) = contents.next_tag() {
        match tag.start_el().local() {
            "Key" => key = Some(text_of(&mut tag)?),
            "Size" => size = text_of(&mut tag)?.parse().ok(),
            _ => {}
        }
    }
    Some((key?, size?))
}

fn text_of(tag: &mut ScopedDecoder<'_, '_>) -> Option<String> {
    try_data(tag).ok().map(std::borrow::Cow::into_owned)
}

/// Decodes a form-encoded key: `+` is a space, `%XX` is a byte.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_objects_and_the_next_token() {
        let page = page(
            b"<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
            <Name>b</Name><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
            <Contents><Key>a%2Bb+c</Key><ETag>&quot;x&quot;</ETag><Size>7</Size></Contents>\
            <Contents><Key>d</Key><Size>0</Size></Contents>\
            <NextContinuationToken>t&amp;u</NextContinuationToken></ListBucketResult>",
        )
        .unwrap();
        assert_eq!(page.objects, [("a%2Bb+c".to_owned(), 7), ("d".to_owned(), 0)]);
        assert!(page.encoded);
        assert_eq!(page.next.as_deref(), Some("t&u"));
    }

    #[test]
    fn rejects_invalid_pages() {
        for answer in [
            "",
            "{}",
            "<Error><Code>x</Code></Error>",
            "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        ] {
            assert_eq!(page(answer.as_bytes()), None, "{answer}");
        }
    }

    #[test]
    fn decodes_form_encoded_keys() {
        assert_eq!(decoded("a%2Bb+c%C3%BC").as_deref(), Some("a+b cü"));
        assert_eq!(decoded("a%2"), None);
        assert_eq!(decoded("a%zz"), None);
        assert_eq!(decoded("%FF"), None);
    }

    #[test]
    fn reads_an_errors_text_with_entities() {
        let text = "<Error><Code>NoSuchKey</Code><Message>a &lt; b</Message></Error>";
        assert_eq!(element(text, "Message").as_deref(), Some("a < b"));
        assert_eq!(element("not XML", "Message"), None);
    }
}
