//! Splits CSV records into fields as Spark's CSV parser does. Quote and escape are both `"`. After
//! an unescaped quote, the rest of the field is literal, up to the next delimiter.

/// Replaces every line end, also inside quotes.
const NEW_LINE: u8 = b'\n';
const QUOTE: u8 = b'"';
/// No previous character.
const NONE: u8 = 0;

/// The input is exhausted.
struct EndOfInput;

/// Reads the records of a text one by one.
pub(super) struct Tokenizer<'a> {
    bytes: &'a [u8],
    position: usize,
    delimiter: u8,
    line_end: LineEnd,
    /// The number of line ends before the position.
    lines: u64,
    first_line: u64,
    // The state of the current field.
    current: u8,
    previous: u8,
    unescaped: bool,
    /// Whether the field is inside an unclosed quote.
    quoted: bool,
    field: Vec<u8>,
    fields: Vec<Vec<u8>>,
    quotes: Quotes,
}

/// The state of a record's quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// Every quoted field is properly closed.
    Proper,
    /// Text follows a closing quote, so the field is literal.
    Literal,
    /// The text ended before a quote was closed.
    Unclosed,
}

/// The line separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// The text is a single line.
    None,
    One(u8),
    CarriageReturnLineFeed,
}

impl LineEnd {
    /// Detects the line separator from the first line.
    pub(super) fn detect(bytes: &[u8]) -> Self {
        match bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            None => Self::One(b'\n'),
            Some(at) if bytes[at] == b'\n' => Self::One(b'\n'),
            Some(at) if bytes.get(at + 1) == Some(&b'\n') => Self::CarriageReturnLineFeed,
            Some(_) => Self::One(b'\r'),
        }
    }
}

impl<'a> Tokenizer<'a> {
    pub(super) fn new(bytes: &'a [u8], delimiter: u8, line_end: LineEnd) -> Self {
        Self {
            bytes,
            position: 0,
            delimiter,
            line_end,
            lines: 0,
            first_line: 1,
            current: NONE,
            previous: NONE,
            unescaped: false,
            quoted: false,
            field: Vec::new(),
            fields: Vec::new(),
            quotes: Quotes::Proper,
        }
    }

    /// The first line, from 1, of the last record.
    pub(super) fn first_line(&self) -> u64 {
        self.first_line
    }

    /// The state of the last record's quotes.
    pub(super) fn quotes(&self) -> Quotes {
        self.quotes
    }

    /// The number of bytes read.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Reads the fields of the next record, or `None` at the end. Spark treats empty fields as
    /// null, quoted or not.
    pub(super) fn record(&mut self) -> Option<Vec<Vec<u8>>> {
        self.fields.clear();
        self.field.clear();
        self.quoted = false;
        self.quotes = Quotes::Proper;
        // Skips empty lines.
        loop {
            self.first_line = self.lines + 1;
            let Ok(first) = self.next() else { return None };
            self.current = first;
            if first != NEW_LINE || self.line_end == LineEnd::None {
                break;
            }
        }
        if self.parse_record().is_err() {
            self.end();
        }
        Some(std::mem::take(&mut self.fields))
    }

    fn next(&mut self) -> Result<u8, EndOfInput> {
        let Some(&byte) = self.bytes.get(self.position) else { return Err(EndOfInput) };
        self.position += 1;
        let ends = match self.line_end {
            LineEnd::None => false,
            LineEnd::One(end) => byte == end,
            LineEnd::CarriageReturnLineFeed => {
                byte == b'\r' && self.bytes.get(self.position) == Some(&b'\n')
            }
        };
        if !ends {
            return Ok(byte);
        }
        self.lines += 1;
        if self.line_end == LineEnd::CarriageReturnLineFeed {
            self.position += 1;
        }
        Ok(NEW_LINE)
    }

    fn advance(&mut self) -> Result<(), EndOfInput> {
        self.current = self.next()?;
        Ok(())
    }

    fn at_field_end(&self) -> bool {
        self.current == self.delimiter || self.at_record_end()
    }

    fn at_record_end(&self) -> bool {
        self.current == NEW_LINE && self.line_end != LineEnd::None
    }

    fn finish_field(&mut self) {
        self.fields.push(std::mem::take(&mut self.field));
    }

    fn parse_record(&mut self) -> Result<(), EndOfInput> {
        while !self.at_record_end() {
            if self.current == self.delimiter {
                self.finish_field();
            } else {
                self.unescaped = false;
                self.previous = NONE;
                if self.current == QUOTE {
                    self.quoted = true;
                    self.parse_quoted()?;
                    self.quoted = false;
                } else {
                    self.append_to_field_end()?;
                }
                self.finish_field();
            }
            if !self.at_record_end() {
                self.advance()?;
                if self.at_record_end() {
                    self.finish_field();
                }
            }
        }
        Ok(())
    }

    /// Appends the rest of the field literally.
    fn append_to_field_end(&mut self) -> Result<(), EndOfInput> {
        let mut byte = self.current;
        loop {
            if byte == self.delimiter || (byte == NEW_LINE && self.line_end != LineEnd::None) {
                self.current = byte;
                return Ok(());
            }
            self.field.push(byte);
            byte = self.next()?;
        }
    }

    fn parse_quoted(&mut self) -> Result<(), EndOfInput> {
        self.advance()?;
        loop {
            let closed = self.previous == QUOTE;
            if closed && (self.current <= b' ' || self.at_field_end()) {
                break;
            }
            if self.current == QUOTE {
                if closed {
                    self.field.push(QUOTE);
                    self.current = NONE;
                }
                self.previous = self.current;
                self.advance()?;
                if self.unescaped && self.at_field_end() {
                    return Ok(());
                }
            } else if closed {
                self.unescaped = true;
                self.field.push(QUOTE);
                return self.take_literally();
            } else {
                let mut byte = self.current;
                while byte != QUOTE {
                    self.field.push(byte);
                    byte = self.next()?;
                }
                self.current = byte;
                self.previous = byte;
                self.advance()?;
            }
        }
        if self.at_field_end() { Ok(()) } else { self.after_quotes() }
    }

    /// Skips white space after the closing quote, unless text follows it.
    fn after_quotes(&mut self) -> Result<(), EndOfInput> {
        self.quoted = false;
        let mut space = Vec::new();
        loop {
            space.push(self.current);
            self.advance()?;
            if self.at_record_end() {
                return Ok(());
            }
            if self.current > b' ' || self.current == self.delimiter {
                break;
            }
        }
        if self.current == self.delimiter {
            return Ok(());
        }
        self.field.push(QUOTE);
        self.field.append(&mut space);
        self.take_literally()
    }

    /// Treats an improperly quoted field as literal text, including its opening quote.
    fn take_literally(&mut self) -> Result<(), EndOfInput> {
        self.quoted = false;
        self.quotes = Quotes::Literal;
        self.field.push(self.current);
        self.previous = self.current;
        self.field.insert(0, QUOTE);
        self.advance()?;
        self.append_to_field_end()
    }

    /// Finishes a record at the end of the text.
    fn end(&mut self) {
        if self.quoted && self.previous != QUOTE {
            self.quotes = Quotes::Unclosed;
        }
        if self.current == QUOTE && self.previous != QUOTE && !self.unescaped {
            self.field.push(QUOTE);
        }
        self.finish_field();
        self.current = NONE;
        self.previous = NONE;
    }
}
