//! Reads certificates from PEM files, faster than a parser for arbitrary PEM.
//!
//! Every start of a program reads a trust store of 200 KB, which is most of a short program's work.
//! This reader needs only a small buffer, and decodes base64 with SIMD instructions.

use std::io::{self, ErrorKind, Read};

use memchr::memmem;
use rustls::pki_types::CertificateDer;

/// Size of the buffer. The largest certificates have 3 KB.
const PIECE: usize = 16 * 1024;
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// Calls `found` with each certificate in `file`, in order.
///
/// # Errors
///
/// Returns an error if the file cannot be read, or has a format that this reader does not support. It
/// may still be valid PEM. Discard the certificates that were found before the error.
pub(crate) fn certificates(
    mut file: impl Read,
    mut found: impl FnMut(CertificateDer<'_>),
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut filled = 0;
    let mut line_begins = true;
    loop {
        let read = file.read(&mut piece[filled..])?;
        filled += read;
        let mut rest = &mut piece[..filled];
        while let Some(begin) = memmem::find(rest, BEGIN) {
            let Some(length) = memmem::find(&rest[begin + BEGIN.len()..], END) else { break };
            let (before, section) = rest.split_at_mut(begin);
            let (text, end) = section[BEGIN.len()..].split_at_mut(length);
            let whole_lines = before.last().copied().map_or(line_begins, ends_line)
                && text.first().copied().is_some_and(ends_line)
                && text.last().copied().is_some_and(ends_line);
            let der = base64_simd::forgiving_decode_inplace(text);
            match der {
                Ok(der) if whole_lines => found(CertificateDer::from(&*der)),
                _ => return Err(unexpected()),
            }
            line_begins = false;
            rest = &mut end[END.len()..];
        }
        let kept = rest.len();
        if read == 0 {
            let unfinished = memmem::find(rest, BEGIN).is_some();
            return if unfinished { Err(unexpected()) } else { Ok(()) };
        }
        if kept == PIECE {
            // Skips other content, except for its end, which may be the first part of a BEGIN line.
            let begin = memmem::find(rest, BEGIN).unwrap_or(PIECE - BEGIN.len());
            let before = begin.checked_sub(1).ok_or_else(unexpected)?;
            line_begins = ends_line(rest[before]);
            piece.copy_within(begin.., 0);
            filled = PIECE - begin;
            continue;
        }
        piece.copy_within(filled - kept..filled, 0);
        filled = kept;
    }
}

fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn unexpected() -> io::Error {
    ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    fn quick(pem: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let mut ders = Vec::new();
        certificates(pem, |der| ders.push(der.to_vec())).map(|()| ders)
    }

    fn by_the_library(pem: &[u8]) -> Vec<Vec<u8>> {
        let ders = CertificateDer::pem_slice_iter(pem);
        ders.filter_map(Result::ok).map(|der| der.to_vec()).collect()
    }

    fn section(bytes: usize) -> String {
        let text = base64_simd::STANDARD.encode_to_string(vec![7; bytes]);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    #[test]
    fn reads_certificates_across_buffer_boundaries() {
        for first in 10_800..12_000 {
            let pem = section(first) + "# Another\n" + &section(1000);
            assert_eq!(quick(pem.as_bytes()).unwrap(), [vec![7; first], vec![7; 1000]]);
        }
    }

    #[test]
    fn skips_content_around_certificates() {
        let other =
            "-----BEGIN TRUSTED CERTIFICATE-----\nBwcH\n-----END TRUSTED CERTIFICATE-----\n";
        let pem = format!("# Bwc=\n{}{other}\r\n{}end", section(3), section(4));
        assert_eq!(quick(pem.as_bytes()).unwrap(), [vec![7; 3], vec![7; 4]]);
        assert_eq!(quick(b"").unwrap(), [] as [Vec<u8>; 0]);
    }

    #[test]
    fn skips_long_content_around_certificates() {
        let trusted = section(30_000).replace("CERTIFICATE", "TRUSTED CERTIFICATE");
        assert_eq!(quick((trusted + &section(3)).as_bytes()).unwrap(), [vec![7; 3]]);
        for before in PIECE - 60..PIECE + 60 {
            let pem = "#".repeat(before) + "\n" + &section(3);
            assert_eq!(quick(pem.as_bytes()).unwrap(), [vec![7; 3]], "{before}");
        }
    }

    #[test]
    fn rejects_unsupported_format() {
        for pem in [
            "-----BEGIN CERTIFICATE-----\nBwcH\n".to_owned(),
            "-----BEGIN CERTIFICATE-----\nB?cH\n-----END CERTIFICATE-----\n".to_owned(),
            "-----BEGIN CERTIFICATE-----BwcH\n-----END CERTIFICATE-----\n".to_owned(),
            "-----BEGIN CERTIFICATE-----END CERTIFICATE-----\n".to_owned(),
            "see -----BEGIN CERTIFICATE-----\nBwcH\n-----END CERTIFICATE-----\n".to_owned(),
            section(3).trim_end().to_owned() + &section(3),
            section(PIECE),
            "#".repeat(PIECE) + &section(3),
        ] {
            assert!(quick(pem.as_bytes()).is_err(), "{pem}");
        }
    }

    proptest! {
        #[test]
        fn reads_the_same_as_the_library(
            parts in proptest::collection::vec(
                prop_oneof![
                    "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----",
                    "-----BEGIN PRIVATE KEY-----\nBwcH\n-----END PRIVATE KEY-----\n",
                    "[A-Za-z0-9+/]{4,64}", "=", "\n", "\r\n", "[ #-]", (0..100_usize).prop_map(section),
                ],
                0..20,
            ),
        ) {
            let pem = parts.concat();
            if let Ok(ders) = quick(pem.as_bytes()) {
                prop_assert_eq!(ders, by_the_library(pem.as_bytes()));
            }
        }
    }
}
