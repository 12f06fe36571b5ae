//! The reader: lines, fields, numbers, missing values.

use std::borrow::Cow;

use ndarray::Array2;
use zeroize::Zeroize;

use super::{Cells, ColumnRef, Error, Header, Limits, Missing, Options, Place, Separator, Table};

/// Inputs read so far. Missing values are NaN, which no field can be.
pub(super) struct Reader<'o> {
    options: &'o Options,
    limits: Limits,
    /// Whether messages say which input.
    several: bool,
    shape: Option<Shape>,
    values: Vec<f64>,
    rows: usize,
    /// First missing value, for [`Missing::Fail`].
    missing: Option<Place>,
    /// The column that is kept as text.
    names: Option<ColumnRef>,
    texts: Vec<String>,
}

/// Columns, fixed by the first input.
struct Shape {
    /// Columns of the file.
    count: usize,
    /// Names of the header; `None` without one.
    header: Option<Vec<String>>,
    /// Whether each column is used.
    used: Vec<bool>,
    /// Number of columns that are used.
    width: usize,
    /// The column that is kept as text; it is not among those that are used.
    names: Option<usize>,
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.values.zeroize();
        self.texts.zeroize();
    }
}

impl<'o> Reader<'o> {
    pub fn new(options: &'o Options, limits: Limits, several: bool) -> Self {
        Reader {
            options,
            limits,
            several,
            shape: None,
            values: Vec::new(),
            rows: 0,
            missing: None,
            names: None,
            texts: Vec::new(),
        }
    }

    /// As [`Reader::new`], for one input of which this column is kept as text.
    pub fn with_names(options: &'o Options, limits: Limits, names: Option<&ColumnRef>) -> Self {
        let mut reader = Reader::new(options, limits, false);
        reader.names = names.cloned();
        reader
    }

    /// Adds the rows of one input, the `input`-th from 1.
    pub fn read(&mut self, bytes: &[u8], input: usize) -> Result<(), Error> {
        let place = Place {
            input: self.several.then_some(input),
            ..Place::default()
        };
        let text = decode(bytes, place)?;
        let (separator, closed) = self.layout(text, place)?;
        let mut fields = Vec::new();
        let mut header_line = true;
        let before = self.rows;
        for (line, text) in lines(text) {
            let place = Place {
                line: Some(line),
                ..place
            };
            separator.split(text, closed, self.limits.fields, place, &mut fields)?;
            if std::mem::take(&mut header_line) {
                let is_header = self.is_header(&fields);
                self.settle_shape(&fields, is_header, input)?;
                if is_header {
                    continue;
                }
            }
            self.push_row(&fields, place)?;
        }
        if self.rows == before {
            return Err(Error::NoRows(place));
        }
        Ok(())
    }

    /// What stands between fields, and whether it stands at the end of every line as well.
    fn layout(&self, text: &str, place: Place) -> Result<(Delimiter, bool), Error> {
        let (_, first) = lines(text).next().ok_or(Error::NoRows(place))?;
        let separator = Delimiter::of(self.options.separator, first);
        // A separator at the end of every line ends the last field, and starts no empty one.
        let closed = match separator {
            Delimiter::Char(delimiter) => {
                lines(text).all(|(_, line)| trim(line, delimiter).ends_with(delimiter))
            }
            Delimiter::Space => false,
        };
        Ok((separator, closed))
    }

    /// Names of all columns of a text, of which only the first line is read.
    pub fn columns(mut self, bytes: &[u8]) -> Result<Vec<String>, Error> {
        let place = Place::default();
        let text = decode(bytes, place)?;
        let (separator, closed) = self.layout(text, place)?;
        let (line, first) = lines(text).next().ok_or(Error::NoRows(place))?;
        let place = Place {
            line: Some(line),
            ..place
        };
        let mut fields = Vec::new();
        separator.split(first, closed, self.limits.fields, place, &mut fields)?;
        let is_header = self.is_header(&fields);
        self.settle_shape(&fields, is_header, 1)?;
        Ok(self
            .shape
            .take()
            .map(|shape| shape.names())
            .unwrap_or_default())
    }

    fn is_header(&self, fields: &[Cow<'_, str>]) -> bool {
        match self.options.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => {
                fields.iter().all(|field| field.parse::<f64>().is_err())
                    && fields.iter().any(|field| !self.is_missing(field))
            }
        }
    }

    fn is_missing(&self, field: &str) -> bool {
        self.options.missing_tokens.contains(field)
    }

    /// Takes the columns from the first line of the first input; compares later inputs to it.
    fn settle_shape(
        &mut self,
        fields: &[Cow<'_, str>],
        is_header: bool,
        input: usize,
    ) -> Result<(), Error> {
        let names: usize = fields.iter().map(|field| field.len()).sum();
        if is_header && names > self.limits.header {
            return Err(Error::OverLimit {
                what: "bytes of column names",
                limit: self.limits.header,
            });
        }
        let header: Option<Vec<String>> =
            is_header.then(|| fields.iter().map(|field| field.to_string()).collect());
        if let Some(shape) = &self.shape {
            let same_names = match (&shape.header, &header) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => true,
            };
            return match shape.count == fields.len() && same_names {
                true => Ok(()),
                false => Err(Error::OtherColumns { input }),
            };
        }
        let count = fields.len();
        let mut used = vec![true; count];
        for column in &self.options.drop {
            used[column.index(count, header.as_deref())?] = false;
        }
        let names = match &self.names {
            Some(column) => Some(column.index(count, header.as_deref())?),
            None => None,
        };
        if let Some(names) = names {
            used[names] = false;
        }
        let width = used.iter().filter(|used| **used).count();
        if width == 0 {
            return Err(Error::NoColumns);
        }
        if width > self.limits.columns {
            return Err(Error::OverLimit {
                what: "columns",
                limit: self.limits.columns,
            });
        }
        self.shape = Some(Shape {
            count,
            header,
            used,
            width,
            names,
        });
        Ok(())
    }

    fn push_row(&mut self, fields: &[Cow<'_, str>], place: Place) -> Result<(), Error> {
        let Some(shape) = &self.shape else {
            return Err(Error::NoInput);
        };
        if fields.len() != shape.count {
            return Err(Error::Fields {
                place,
                found: fields.len(),
                expected: shape.count,
            });
        }
        if self.rows >= self.limits.rows {
            return Err(Error::OverLimit {
                what: "rows",
                limit: self.limits.rows,
            });
        }
        if shape.width > self.limits.values - self.values.len() {
            return Err(Error::OverLimit {
                what: "values",
                limit: self.limits.values,
            });
        }
        for (index, field) in fields.iter().enumerate() {
            if !shape.used[index] {
                continue;
            }
            let place = Place {
                column: Some(index + 1),
                ..place
            };
            let value = match self.options.missing_tokens.contains(field.as_ref()) {
                true => {
                    self.missing.get_or_insert(place);
                    f64::NAN
                }
                false => number(field, place)?,
            };
            self.values.push(value);
        }
        if let Some(names) = shape.names {
            let name = &fields[names];
            if self.options.missing_tokens.contains(name.as_ref()) {
                return Err(Error::NoName(Place {
                    column: Some(names + 1),
                    ..place
                }));
            }
            self.texts.push(name.to_string());
        }
        self.rows += 1;
        Ok(())
    }

    /// The table with its gaps, and the column of names.
    pub fn finish_cells(mut self) -> Result<Cells, Error> {
        let Some(shape) = self.shape.take() else {
            return Err(Error::NoInput);
        };
        let values = std::mem::take(&mut self.values);
        Ok(Cells {
            names: shape.names(),
            values: Array2::from_shape_vec((self.rows, shape.width), values)
                .expect("whole rows only"),
            texts: std::mem::take(&mut self.texts),
        })
    }

    /// The table, missing values seen to.
    pub fn finish(mut self) -> Result<Table, Error> {
        let Some(shape) = self.shape.take() else {
            return Err(Error::NoInput);
        };
        let names = shape.names();
        let width = shape.width;
        let mut values = std::mem::take(&mut self.values);
        let mut dropped = Vec::new();
        match (self.options.missing, self.missing) {
            (_, None) => (),
            (Missing::Fail, Some(place)) => {
                values.zeroize();
                return Err(Error::Missing(place));
            }
            (Missing::Drop, Some(_)) => dropped = drop_rows(&mut values, width),
            (Missing::Mean, Some(_)) => put_means(&mut values, &names)?,
        }
        if values.is_empty() {
            return Err(Error::NoneLeft);
        }
        Ok(Table {
            names,
            values: Array2::from_shape_vec((values.len() / width, width), values)
                .expect("whole rows only"),
            rows: self.rows,
            dropped,
        })
    }
}

impl Shape {
    fn names(&self) -> Vec<String> {
        let used = (0..self.count).filter(|&index| self.used[index]);
        match &self.header {
            Some(header) => used.map(|index| header[index].clone()).collect(),
            None => used.map(|index| format!("column {}", index + 1)).collect(),
        }
    }
}

/// Removes rows with NaN in place; returns their numbers.
fn drop_rows(values: &mut Vec<f64>, width: usize) -> Vec<usize> {
    let mut dropped = Vec::new();
    let mut kept = 0;
    for row in 0..values.len() / width {
        let range = row * width..(row + 1) * width;
        if values[range.clone()].iter().any(|value| value.is_nan()) {
            dropped.push(row);
        } else {
            values.copy_within(range, kept * width);
            kept += 1;
        }
    }
    values[kept * width..].zeroize();
    values.truncate(kept * width);
    dropped
}

/// Replaces NaN by the mean of the column's other values, summed in the order of the rows.
fn put_means(values: &mut [f64], names: &[String]) -> Result<(), Error> {
    let width = names.len();
    for (column, name) in names.iter().enumerate() {
        let (mut sum, mut count) = (0.0, 0_usize);
        for &value in values[column..].iter().step_by(width) {
            if !value.is_nan() {
                sum += value;
                count += 1;
            }
        }
        if count == 0 {
            return Err(Error::NoMean(name.clone()));
        }
        let mean = sum / count as f64;
        for value in values[column..].iter_mut().step_by(width) {
            if value.is_nan() {
                *value = mean;
            }
        }
    }
    Ok(())
}

/// Lines that are not blank, with their numbers from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate();
    numbered
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim().is_empty())
}

fn number(field: &str, place: Place) -> Result<f64, Error> {
    match field.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(Error::NotFinite(place)),
        Err(_) => Err(Error::NotANumber(place)),
    }
}

fn decode(bytes: &[u8], place: Place) -> Result<&str, Error> {
    // A byte order mark is no part of the first name.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::NotUtf8(Place {
            line: Some(line),
            ..place
        })
    })
}

/// Removes white space at the end which is no separator.
fn trim(line: &str, delimiter: char) -> &str {
    line.trim_end_matches(|c: char| c.is_whitespace() && c != delimiter)
}

#[derive(Clone, Copy)]
enum Delimiter {
    Char(char),
    Space,
}

impl Delimiter {
    fn of(separator: Separator, first: &str) -> Delimiter {
        match separator {
            Separator::Comma => Delimiter::Char(','),
            Separator::Semicolon => Delimiter::Char(';'),
            Separator::Tab => Delimiter::Char('\t'),
            Separator::Whitespace => Delimiter::Space,
            Separator::Auto if first.contains(',') => Delimiter::Char(','),
            Separator::Auto if first.contains(';') => Delimiter::Char(';'),
            Separator::Auto => Delimiter::Space,
        }
    }

    /// Fields of a line, `most` of them, without surrounding white space and quotes.
    fn split<'t>(
        self,
        line: &'t str,
        closed: bool,
        most: usize,
        place: Place,
        fields: &mut Vec<Cow<'t, str>>,
    ) -> Result<(), Error> {
        fields.clear();
        let over = Error::OverLimit {
            what: "fields in a line",
            limit: most,
        };
        let delimiter = match self {
            Delimiter::Space => {
                let mut rest = line.split_whitespace().map(Cow::Borrowed);
                fields.extend(rest.by_ref().take(most));
                return match rest.next() {
                    None => Ok(()),
                    Some(_) => Err(over),
                };
            }
            Delimiter::Char(delimiter) => delimiter,
        };
        let mut rest = trim(line, delimiter);
        if closed {
            rest = rest.strip_suffix(delimiter).unwrap_or(rest);
        }
        loop {
            if fields.len() == most {
                return Err(over);
            }
            let place = Place {
                column: Some(fields.len() + 1),
                ..place
            };
            let start = rest.trim_start_matches(|c: char| c.is_whitespace() && c != delimiter);
            let after = match start.strip_prefix('"') {
                None => {
                    let end = rest.find(delimiter).unwrap_or(rest.len());
                    fields.push(Cow::Borrowed(rest[..end].trim()));
                    &rest[end..]
                }
                Some(quoted) => {
                    let (field, after) = unquote(quoted).ok_or(Error::Quotes(place))?;
                    fields.push(field);
                    let after =
                        after.trim_start_matches(|c: char| c.is_whitespace() && c != delimiter);
                    if !after.is_empty() && !after.starts_with(delimiter) {
                        return Err(Error::Quotes(place));
                    }
                    after
                }
            };
            match after.strip_prefix(delimiter) {
                Some(next) => rest = next,
                None => return Ok(()),
            }
        }
    }
}

/// Content up to the closing quote, two quotes standing for one, and what follows.
fn unquote(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut end = text.find('"')?;
    if !text[end + 1..].starts_with('"') {
        return Some((Cow::Borrowed(text[..end].trim()), &text[end + 1..]));
    }
    let mut content = String::new();
    let mut rest = text;
    while rest[end + 1..].starts_with('"') {
        content.push_str(&rest[..=end]);
        rest = &rest[end + 2..];
        end = rest.find('"')?;
    }
    content.push_str(&rest[..end]);
    Some((Cow::Owned(content.trim().to_owned()), &rest[end + 1..]))
}
