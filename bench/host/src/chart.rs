//! The plot, with a panel for each metric and a bar for each candidate.

use anyhow::{Result, anyhow};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::report::{FIRST_ANSWER, MEMORY, Measured, Metric, PACKAGE, Report, WARM_P50, figure};

const WIDTH: u32 = 840;
const PANEL: i32 = 104;
const PANELS: [&str; 4] = [FIRST_ANSWER, WARM_P50, MEMORY, PACKAGE];
const BAR: i32 = 20;
/// Left end of the bars, and length of the longest one.
const BARS: (i32, i32) = (190, 520);
const COLOURS: [RGBColor; 3] =
    [RGBColor(196, 78, 32), RGBColor(70, 105, 150), RGBColor(150, 150, 150)];

/// Plots a report's medians. Each panel has its own scale, which begins at 0.
pub(crate) fn svg(report: &Report) -> Result<String> {
    let mut text = String::new();
    {
        let height = u32::try_from(PANEL)? * u32::try_from(PANELS.len())? + 12;
        let area = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        let failed = |error| anyhow!("cannot draw the plot: {error}");
        area.fill(&WHITE).map_err(failed)?;
        for (top, name) in (12..).step_by(PANEL.unsigned_abs() as usize).zip(PANELS) {
            draw(&area, top, &report.candidates, name).map_err(failed)?;
        }
        area.present().map_err(failed)?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Failed<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

fn draw<'a>(
    area: &Area<'a>,
    top: i32,
    candidates: &[Measured],
    name: &str,
) -> std::result::Result<(), Failed<'a>> {
    // An earlier build appears only in the table.
    let metrics: Vec<(&Measured, &Metric)> = candidates
        .iter()
        .take(COLOURS.len())
        .filter_map(|candidate| Some((candidate, candidate.metric(name)?)))
        .collect();
    let longest = metrics.iter().map(|(_, metric)| metric.summary.median).fold(0.0, f64::max);
    let style = |size: i32| ("sans-serif", size).into_font().color(&BLACK);
    let heading = style(15).pos(Pos::new(HPos::Left, VPos::Top));
    area.draw_text(name, &heading, (12, top))?;
    for ((row, (candidate, metric)), colour) in (0..).zip(metrics).zip(COLOURS) {
        let upper = top + 22 + row * (BAR + 4);
        let middle = upper + BAR / 2;
        let right = BARS.0 + length(metric.summary.median / longest);
        let bar = Rectangle::new([(BARS.0, upper), (right, upper + BAR)], colour.filled());
        area.draw(&bar)?;
        let label = style(13).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw_text(candidate.title, &label, (BARS.0 - 8, middle))?;
        let value = style(13).pos(Pos::new(HPos::Left, VPos::Center));
        let text = format!("{} {}", figure(metric.summary.median), metric.unit);
        area.draw_text(&text, &value, (right + 8, middle))?;
    }
    Ok(())
}

/// Returns a bar's length in pixels: at least one, so that it is visible.
#[expect(clippy::cast_possible_truncation, reason = "a share of a few hundred pixels")]
fn length(share: f64) -> i32 {
    ((f64::from(BARS.1) * share).round() as i32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_bars_and_keeps_them_visible() {
        assert_eq!([1.0, 0.5, 0.0].map(length), [520, 260, 1]);
    }
}
