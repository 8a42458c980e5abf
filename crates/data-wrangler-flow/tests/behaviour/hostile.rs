//! Files that are not flows. Each error names the invalid part and the fix.

use data_wrangler_flow::Flow;

fn error(bytes: &[u8]) -> String {
    Flow::parse(bytes).unwrap_err().to_string()
}

#[test]
fn rejects_malformed_flows() {
    let files: &[(&str, &[u8])] = &[
        ("empty", b""),
        ("only spaces", b" \n\t"),
        ("UTF-8 mark", b"\xef\xbb\xbf{\"nodes\": []}"),
        ("UTF-16 mark", b"\xff\xfe{\0"),
        ("not JSON", b"nodes: []"),
        ("cut off", b"{\"nodes\": [{\"node_id\": \"a\""),
        ("not UTF-8", b"{\"nodes\": \"\xff\"}"),
        ("trailing", b"{\"nodes\": []} x"),
        ("an array", b"[]"),
        ("a string", b"\"flow\""),
        ("no nodes", b"{}"),
        ("empty nodes", b"{\"nodes\": []}"),
        ("null nodes", b"{\"nodes\": null}"),
        ("nodes as object", b"{\"nodes\": {}}"),
        ("node as string", b"{\"nodes\": [\"a\"]}"),
        ("node without id", b"{\"nodes\": [{}]}"),
        ("empty id", b"{\"nodes\": [{\"node_id\": \"\"}]}"),
        ("number as id", b"{\"nodes\": [{\"node_id\": 7}]}"),
        ("no type", b"{\"nodes\": [{\"node_id\": \"a\"}]}"),
        ("no operator", b"{\"nodes\": [{\"node_id\": \"a\", \"type\": \"SOURCE\"}]}"),
        ("member twice", b"{\"nodes\": [], \"nodes\": []}"),
        (
            "inputs as string",
            b"{\"nodes\": [{\"node_id\": \"a\", \"type\": \"T\", \"operator\": \"o\", \"inputs\": \"df\"}]}",
        ),
        (
            "input without node",
            b"{\"nodes\": [{\"node_id\": \"a\", \"type\": \"T\", \"operator\": \"o\", \"inputs\": [{\"name\": \"df\"}]}]}",
        ),
        (
            "output as string",
            b"{\"nodes\": [{\"node_id\": \"a\", \"type\": \"T\", \"operator\": \"o\", \"outputs\": [\"x\"]}]}",
        ),
    ];
    let lines: Vec<_> =
        files.iter().map(|(what, file)| format!("{what}: {}", error(file))).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn rejects_deep_nesting_before_parsing() {
    for brackets in [(b'[', b']'), (b'{', b'}')] {
        let mut file = b"{\"nodes\": 1,\n\"deep\": ".to_vec();
        file.extend(vec![brackets.0; 1_000_000]);
        file.extend(vec![brackets.1; 1_000_000]);
        assert!(error(&file).starts_with("line 2: arrays and objects are nested more than"));
    }
}

#[test]
fn ignores_brackets_in_strings() {
    let code = "[".repeat(1_000);
    let file = format!(
        r#"{{"nodes": [{{"node_id": "a", "type": "T", "operator": "o", "code": "\"{code}\\"}}]}}"#
    );
    Flow::parse(file.as_bytes()).unwrap();
}

#[test]
fn rejects_a_file_over_the_size_limit() {
    let file = vec![b' '; Flow::MAX_BYTES + 1];
    assert!(error(&file).starts_with("the file has 16777217 bytes"));
}

#[test]
fn rejects_metadata_of_an_unexpected_type() {
    let nodes = r#""nodes": [{"node_id": "a", "type": "T", "operator": "o"}]"#;
    let image = |metadata: &str| {
        let file = format!(r#"{{{nodes}, "internal_metadata": {metadata}}}"#);
        Flow::parse(file.as_bytes()).unwrap().container_image().map_err(|error| error.to_string())
    };
    assert_eq!(image("null").unwrap(), None);
    assert_eq!(image("{}").unwrap(), None);
    assert_eq!(image(r#"{"dw_job": {"container_uri": null}}"#).unwrap(), None);
    assert!(image("[]").unwrap_err().starts_with("internal_metadata is an array, but must be"));
    let number = image(r#"{"dw_job": {"container_uri": 5}}"#).unwrap_err();
    assert!(number.starts_with("internal_metadata.dw_job.container_uri is a number"), "{number}");
}
