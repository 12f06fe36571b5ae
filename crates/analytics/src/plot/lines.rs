//! Measured values against whole numbers: seconds against participants.

use std::path::Path;

use plotters::prelude::*;

use super::{colour, draw_legend, take_font, tick, Error, FONT, SIZE};

/// Values of one thing that was measured.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// What the legend calls it.
    pub name: String,
    /// Whole number and value, ascending.
    pub points: Vec<(u32, f64)>,
}

/// Writes a PNG of these lines over a logarithmic axis, where values that differ by decades are all
/// legible. Every value must be finite and above 0, and every line must have a point.
pub fn lines_png(
    path: impl AsRef<Path>,
    title: &str,
    (across, up): (&str, &str),
    lines: &[Line],
) -> Result<(), Error> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let drawable = points().all(|(_, value)| value.is_finite() && *value > 0.0)
        && lines.iter().all(|line| !line.points.is_empty());
    if !drawable || lines.is_empty() {
        return Err(Error::Values);
    }
    draw(path.as_ref(), title, (across, up), lines)
        .map_err(|error| Error::Drawing(error.to_string()))
}

fn draw(
    path: &Path,
    title: &str,
    (across, up): (&str, &str),
    lines: &[Line],
) -> Result<(), Box<dyn std::error::Error>> {
    take_font()?;
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let first = points().map(|(at, _)| at).min().unwrap_or_default();
    let last = points().map(|(at, _)| at).max().unwrap_or_default();
    let low = points().map(|(_, value)| value).fold(f64::MAX, f64::min);
    let high = points().map(|(_, value)| value).fold(0.0, f64::max);
    // Whole decades, so that the axis has ticks however close the values are; above them is room for
    // the legend.
    let decades = 10f64.powf(low.log10().floor())..10f64.powf((5.0 * high).log10().ceil());
    let root = BitMapBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, (FONT, 30))
        .margin(24)
        .x_label_area_size(64)
        .y_label_area_size(96)
        .build_cartesian_2d(
            f64::from(first) - 0.25..f64::from(last) + 0.25,
            decades.log_scale(),
        )?;
    let whole = |value: &f64| match (value - value.round()).abs() < 1e-9 {
        true => format!("{value:.0}"),
        false => String::new(),
    };
    chart
        .configure_mesh()
        .x_desc(across)
        .y_desc(up)
        .axis_desc_style((FONT, 24))
        .label_style((FONT, 18))
        .x_label_formatter(&whole)
        .y_label_formatter(&tick)
        .x_labels((last - first + 1) as usize * 2)
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .draw()?;
    for (index, line) in lines.iter().enumerate() {
        let colour = colour(index);
        let points = line
            .points
            .iter()
            .map(|(at, value)| (f64::from(*at), *value));
        let path: Vec<_> = points.clone().collect();
        chart.draw_series([PathElement::new(path, colour.stroke_width(3))])?;
        chart
            .draw_series(points.map(|point| Circle::new(point, 6, colour.filled())))?
            .label(line.name.as_str())
            .legend(move |(x, y)| Circle::new((x + 12, y), 7, colour.filled()));
    }
    draw_legend(&mut chart)?;
    root.present()?;
    Ok(())
}
