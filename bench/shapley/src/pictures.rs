//! Lines with error bars as PNG.

use std::path::Path;

use anyhow::anyhow;
use plotters::{
    prelude::*,
    style::{register_font, FontStyle},
};

/// Pixels.
const SIZE: (u32, u32) = (1000, 700);
const FONT: &str = "salus-sans";
/// Okabe and Ito's colours, which colour-blind people tell apart.
const COLOURS: [RGBColor; 5] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(110, 110, 110),
];

pub struct Line {
    pub name: String,
    /// x, y and the length of the error bar to either side.
    pub points: Vec<(f64, f64, f64)>,
}

impl Line {
    pub fn named(name: &str) -> Self {
        Line {
            name: name.to_owned(),
            points: Vec::new(),
        }
    }
}

pub struct Picture {
    pub title: String,
    pub x: &'static str,
    pub y: &'static str,
    pub lines: Vec<Line>,
}

impl Picture {
    pub fn draw(&self, path: &Path) -> anyhow::Result<()> {
        self.try_draw(path)
            .map_err(|error| anyhow!("{}: {error}", path.display()))
    }

    fn try_draw(&self, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
        register_font(FONT, FontStyle::Normal, dejavu::sans::regular())
            .map_err(|_| "the font cannot be read")?;
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let least = points().map(|point| point.0).fold(f64::INFINITY, f64::min);
        let most = points()
            .map(|point| point.0)
            .fold(f64::NEG_INFINITY, f64::max);
        let low = points()
            .map(|(_, y, bar)| y - bar)
            .fold(f64::INFINITY, f64::min);
        let high = points()
            .map(|(_, y, bar)| y + bar)
            .fold(f64::NEG_INFINITY, f64::max);
        let (wide, tall) = ((most - least) * 0.03, (high - low) * 0.1);

        let root = BitMapBackend::new(path, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(&self.title, (FONT, 26))
            .margin(20)
            .x_label_area_size(56)
            .y_label_area_size(76)
            .build_cartesian_2d(least - wide..most + wide, low - tall..high + tall)?;
        chart
            .configure_mesh()
            .x_desc(self.x)
            .y_desc(self.y)
            .axis_desc_style((FONT, 20))
            .label_style((FONT, 16))
            .light_line_style(WHITE)
            .bold_line_style(RGBColor(225, 225, 225))
            .draw()?;
        for (line, colour) in self.lines.iter().zip(COLOURS) {
            let places = line.points.iter().map(|(x, y, _)| (*x, *y));
            chart
                .draw_series(LineSeries::new(places, colour.stroke_width(3)))?
                .label(&line.name)
                .legend(move |(x, y)| {
                    PathElement::new(vec![(x, y), (x + 24, y)], colour.stroke_width(3))
                });
            let cap = wide * 0.3;
            let bars = line.points.iter().filter(|(_, _, bar)| *bar > 0.0);
            chart.draw_series(bars.flat_map(|&(x, y, bar)| {
                let across = |y: f64| vec![(x - cap, y), (x + cap, y)];
                [
                    vec![(x, y - bar), (x, y + bar)],
                    across(y - bar),
                    across(y + bar),
                ]
                .map(|places| PathElement::new(places, colour.stroke_width(2)))
            }))?;
        }
        chart
            .configure_series_labels()
            .label_font((FONT, 18))
            .margin(10)
            .legend_area_size(30)
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(170, 170, 170))
            .draw()?;
        root.present()?;
        Ok(())
    }
}
