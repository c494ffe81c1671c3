//! The progress bar: files, bytes and rate, on standard error.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{report::FileReport, scan::Observer};

const TEMPLATE: &str = "{bar:24} {pos}/{len} files, {msg} {elapsed}";

/// Shows how a scan gets on; draws nothing where it is hidden.
pub struct Progress {
    bar: ProgressBar,
    bytes: AtomicU64,
}

impl Progress {
    /// Draws on standard error.
    pub fn on_terminal() -> Self {
        Self::drawing(ProgressBar::with_draw_target(
            None,
            ProgressDrawTarget::stderr(),
        ))
    }

    /// Draws nothing.
    pub fn hidden() -> Self {
        Self::drawing(ProgressBar::hidden())
    }

    fn drawing(bar: ProgressBar) -> Self {
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        Self {
            bar,
            bytes: AtomicU64::new(0),
        }
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn inputs(&self, count: usize) {
        if !self.bar.is_hidden() {
            self.bar.set_length(count as u64);
            self.bar.enable_steady_tick(Duration::from_millis(200));
        }
    }

    fn scanned(&self, file: &FileReport) {
        if self.bar.is_hidden() {
            return;
        }
        let bytes = self
            .bytes
            .fetch_add(file.size, Ordering::Relaxed)
            .saturating_add(file.size);
        let millis = u64::try_from(self.bar.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        let rate = bytes.saturating_mul(1000).checked_div(millis).unwrap_or(0);
        let (bytes, rate) = (DecimalBytes(bytes), DecimalBytes(rate));
        self.bar.set_message(format!("{bytes}, {rate}/s,"));
        self.bar.inc(1);
    }
}
