//! Detects files that are not text, although the flow's source expects text. Spark would read such
//! files as meaningless text.

/// An offset, the bytes there, and the message about the file type.
const SIGNATURES: [(usize, &[u8], &str); 19] = [
    (0, b"\xff\xfe", "is UTF-16; save it as UTF-8"),
    (0, b"\xfe\xff", "is UTF-16; save it as UTF-8"),
    (0, b"\0\0\xfe\xff", "is UTF-32; save it as UTF-8"),
    (0, b"PAR1", "is Parquet, but the flow's source expects text"),
    (0, b"PARE", "is encrypted Parquet, but the flow's source expects text"),
    (0, b"Obj\x01", "is Avro; convert it to text or Parquet"),
    (0, b"PK\x03\x04", "is a zip archive or a spreadsheet; save it as plain text or gzip"),
    (0, b"PK\x05\x06", "is an empty zip archive; save it as plain text or gzip"),
    (0, b"\x1f\x8b", "is compressed with gzip twice, or not named .gz; decompress or rename it"),
    (0, b"7z\xbc\xaf\x27\x1c", "is a 7z archive; save it as plain text or gzip"),
    (0, b"Rar!\x1a\x07", "is a RAR archive; save it as plain text or gzip"),
    (0, b"\xfd7zXZ\0", "is compressed with xz; save it as plain text or gzip"),
    (0, b"\x28\xb5\x2f\xfd", "is compressed with zstd; save it as plain text or gzip"),
    (0, b"\x04\x22\x4d\x18", "is compressed with lz4; save it as plain text or gzip"),
    (4, b"1AY&SY", "is compressed with bzip2; save it as plain text or gzip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel workbook; export it as CSV"),
    (0, b"%PDF-", "is a PDF document; export its data as CSV"),
    (0, b"SQLite format 3\0", "is an SQLite database; export its table as CSV"),
    (0, b"\x89PNG\r\n", "is an image"),
];
/// The number of bytes to check for UTF-16 without a byte order mark.
const SAMPLE: usize = 4096;

/// Returns the problem and the fix if a file is not text.
pub(super) fn foreign(bytes: &[u8]) -> Option<&'static str> {
    let has = |(at, signature, _): &&(usize, &[u8], &str)| {
        bytes.get(*at..).is_some_and(|bytes| bytes.starts_with(signature))
    };
    if let Some((_, _, problem)) = SIGNATURES.iter().find(has) {
        return Some(problem);
    }
    if is_tar(bytes) {
        return Some("is a tar archive; unpack it and use the files in it");
    }
    if is_orc(bytes) {
        return Some("is ORC; convert it to text or Parquet");
    }
    is_utf16(&bytes[..bytes.len().min(SAMPLE)])
        .then_some("is UTF-16 without a byte order mark; save it as UTF-8")
}

/// Newer tar archives have a signature. In all tar archives, the first header contains its checksum
/// in octal digits, which is computed as if its own bytes were spaces.
fn is_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else { return false };
    let digits = String::from_utf8_lossy(&header[148..156]);
    let written = u32::from_str_radix(digits.trim_matches([' ', '\0']), 8);
    let others = header[..148].iter().chain(&header[156..]).map(|byte| u32::from(*byte));
    header[257..].starts_with(b"ustar") || written == Ok(others.sum::<u32>() + 8 * u32::from(b' '))
}

/// ORC has its signature at both ends. The last byte is the length of the postscript before it.
fn is_orc(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ORC") && bytes.len() > 16 && bytes[..bytes.len() - 1].ends_with(b"ORC")
}

/// In UTF-16, delimiters, digits and line ends have a zero byte, always on the same side. UTF-8
/// text may contain a zero byte, but most of its byte pairs have none.
fn is_utf16(sample: &[u8]) -> bool {
    let pairs = || sample.chunks_exact(2);
    let graphic = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let low_first = pairs().filter(|pair| graphic(&pair[0]) && pair[1] == 0).count();
    let high_first = pairs().filter(|pair| pair[0] == 0 && graphic(&pair[1])).count();
    let plain = pairs().filter(|pair| pair.iter().all(graphic)).count();
    let (most, least) = (low_first.max(high_first), low_first.min(high_first));
    most >= 2 && least * 8 < most && plain < most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_utf16_without_a_mark_in_any_script() {
        for text in
            ["id,name\n1,ab\n", "번호,이름\n1,전복\n2,가나다라\n", "編號,名稱\r\n1,鮑魚\r\n"]
        {
            let little: Vec<_> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<_> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            for bytes in [little, big] {
                assert!(foreign(&bytes).is_some_and(|problem| problem.starts_with("is UTF-16")));
            }
        }
    }

    #[test]
    fn accepts_text_with_zero_bytes() {
        for text in
            ["a,b\n\0,1\n", "\0", "a\0b,c\n", "a,b\n1,\0\0\n2,x\n", "", "번호,이름\n1,전복\n"]
        {
            assert_eq!(foreign(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(foreign(b"ORCHID,PK\n1,2\n"), None);
    }
}
