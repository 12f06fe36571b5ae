//! Pictures: a clustering in its first two principal components, and lines against whole numbers.
//!
//! Text is set in DejaVu Sans, which is part of the binary: no fonts of the system are needed.

mod lines;

pub use lines::{lines_png, Line};

use std::path::Path;

use ndarray::{Array2, ArrayView2};
use plotters::{
    data::float::FloatPrettyPrinter,
    prelude::*,
    style::{register_font, FontStyle},
};

use crate::{pca::Plane, result::FcmResult};

/// Pixels of the picture.
const SIZE: (u32, u32) = (1200, 900);
/// Name under which the font is registered.
const FONT: &str = "salus-sans";
/// Opacity of a point at membership 0, and what membership 1 adds.
const OPACITY: (f64, f64) = (0.1, 0.7);
/// Clusters that the legend lists; more would cover the points.
const LEGEND: usize = 12;

/// Eight colours that colour-blind people tell apart; they repeat beyond.
///
/// Source: M. Okabe, K. Ito, Color Universal Design (2008), without yellow and black, which are
/// poor on white or taken by the axes, and with a grey and a brown instead.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(110, 110, 110),
    RGBColor(120, 70, 20),
];

/// What could not be drawn or written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Data and result are not of the same rows and columns.
    #[error("the rows and columns of the picture's data are not those of the result")]
    Shape,
    /// Lines without points, or with values that a logarithmic axis does not have.
    #[error("a line has no point, or a value that is not a positive number")]
    Values,
    /// The drawing or the file system refused.
    #[error("the picture cannot be written: {0}")]
    Drawing(String),
}

/// Writes a PNG of `result` over the rows that were clustered: `values`, n x d in scaled units, as
/// [`crate::job::prepare`] returns them.
///
/// A point's colour is its hard label, its opacity the membership; crosses in circles are the
/// prototypes. Axes state the part of the variance that they explain.
pub fn scatter_png(
    path: impl AsRef<Path>,
    title: &str,
    values: ArrayView2<'_, f64>,
    result: &FcmResult,
) -> Result<(), Error> {
    let fits = values.nrows() == result.labels.len() && values.ncols() == result.columns.len();
    if !fits || values.is_empty() {
        return Err(Error::Shape);
    }
    let plane = Plane::fit(values);
    let picture = Picture {
        points: plane.project(values),
        prototypes: plane.project(result.prototypes.view()),
        explained: plane.explained,
        result,
    };
    picture
        .draw(path.as_ref(), title)
        .map_err(|error| Error::Drawing(error.to_string()))
}

struct Picture<'r> {
    points: Array2<f64>,
    prototypes: Array2<f64>,
    explained: [f64; 2],
    result: &'r FcmResult,
}

impl Picture<'_> {
    fn draw(&self, path: &Path, title: &str) -> Result<(), Box<dyn std::error::Error>> {
        take_font()?;
        let root = BitMapBackend::new(path, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(title, (FONT, 34))
            .margin(24)
            .x_label_area_size(64)
            .y_label_area_size(84)
            .build_cartesian_2d(self.range(0), self.range(1))?;
        chart
            .configure_mesh()
            .x_desc(self.axis(0))
            .y_desc(self.axis(1))
            .axis_desc_style((FONT, 24))
            .label_style((FONT, 18))
            .x_label_formatter(&tick)
            .y_label_formatter(&tick)
            .x_labels(9)
            .y_labels(9)
            .light_line_style(WHITE)
            .bold_line_style(RGBColor(225, 225, 225))
            .draw()?;

        // The surest last, on top.
        let membership = |row: usize| {
            let label = usize::from(self.result.labels[row]);
            self.result.memberships[[row, label]]
        };
        let mut rows: Vec<usize> = (0..self.points.nrows()).collect();
        rows.sort_by(|&a, &b| membership(a).total_cmp(&membership(b)));
        chart.draw_series(rows.into_iter().map(|row| {
            let colour = colour(usize::from(self.result.labels[row]));
            let opacity = OPACITY.0 + OPACITY.1 * membership(row);
            let place = (self.points[[row, 0]], self.points[[row, 1]]);
            Circle::new(place, 4, colour.mix(opacity).filled())
        }))?;

        for cluster in 0..self.prototypes.nrows() {
            let place = (self.prototypes[[cluster, 0]], self.prototypes[[cluster, 1]]);
            chart.draw_series([Circle::new(place, 13, WHITE.filled())])?;
            chart.draw_series([Circle::new(place, 13, BLACK.stroke_width(2))])?;
            let mark =
                chart.draw_series([Cross::new(place, 7, colour(cluster).stroke_width(4))])?;
            if cluster < LEGEND {
                let rows = self
                    .result
                    .labels
                    .iter()
                    .filter(|label| usize::from(**label) == cluster)
                    .count();
                let rows_word = if rows == 1 { "row" } else { "rows" };
                mark.label(format!("cluster {} ({rows} {rows_word})", cluster + 1))
                    .legend(move |(x, y)| Circle::new((x + 12, y), 7, colour(cluster).filled()));
            }
        }
        draw_legend(&mut chart)?;
        root.present()?;
        Ok(())
    }

    /// Range of an axis over points and prototypes, with a margin.
    fn range(&self, axis: usize) -> std::ops::Range<f64> {
        let scores = self.points.column(axis);
        let prototypes = self.prototypes.column(axis);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &score in scores.iter().chain(prototypes) {
            low = low.min(score);
            high = high.max(score);
        }
        let margin = (high - low) * 0.05;
        // An axis without extent, relative to its place, would have no ticks to draw.
        let margin = margin.max((low.abs().max(high.abs())) * 1e-9);
        let margin = if margin > 0.0 { margin } else { 1.0 };
        low - margin..high + margin
    }

    fn axis(&self, axis: usize) -> String {
        let percent = 100.0 * self.explained[axis];
        format!(
            "principal component {} ({percent:.1} % of variance)",
            axis + 1
        )
    }
}

fn draw_legend<'a, Coordinates: CoordTranslate>(
    chart: &mut ChartContext<'a, BitMapBackend<'a>, Coordinates>,
) -> Result<(), Box<dyn std::error::Error>> {
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .label_font((FONT, 20))
        .margin(12)
        .legend_area_size(28)
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(170, 170, 170))
        .draw()?;
    Ok(())
}

fn take_font() -> Result<(), &'static str> {
    register_font(FONT, FontStyle::Normal, dejavu::sans::regular())
        .map_err(|_| "the font cannot be read")
}

/// Number at a tick. What rounds to zero has no sign: ticks are sums, and miss zero by a little.
fn tick(value: &f64) -> String {
    let printer = FloatPrettyPrinter {
        allow_scientific: false,
        min_decimal: 1,
        max_decimal: 5,
    };
    let text = printer.print(*value);
    match text.strip_prefix('-') {
        Some(digits) if !digits.contains(|c: char| matches!(c, '1'..='9')) => digits.to_owned(),
        _ => text,
    }
}

fn colour(cluster: usize) -> RGBColor {
    COLOURS[cluster % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(tick(&-0.0), "0.0");
        assert_eq!(tick(&-1.2e-16), "0.0");
        assert_eq!(tick(&-0.25), "-0.25");
        assert_eq!(tick(&12.0), "12.0");
        assert_eq!(tick(&-10.0), "-10.0");
    }
}
