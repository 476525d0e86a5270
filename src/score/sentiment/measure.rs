//! How right readings are, against labels that people gave.

use super::Label;

/// Readings against labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Rows by what people said, columns by what was read; the last column is "nothing read".
    pub confusion: [[u32; 4]; 3],
}

impl Measure {
    /// Counts one.
    pub fn count(&mut self, said: Label, read: Option<Label>) {
        self.confusion[said as usize][read.map_or(3, |read| read as usize)] += 1;
    }

    /// Messages with a label.
    pub fn total(&self) -> u32 {
        self.confusion.iter().flatten().sum()
    }

    /// The labels that occur among those people gave.
    pub fn present(&self) -> Vec<Label> {
        Label::ALL.into_iter().filter(|label| self.confusion[*label as usize].iter().sum::<u32>() > 0).collect()
    }

    /// The share that was read right.
    pub fn accuracy(&self) -> f64 {
        let right: u32 = (0..3).map(|class| self.confusion[class][class]).sum();
        f64::from(right) / f64::from(self.total().max(1))
    }

    /// The mean of the labels' F1 (the harmonic mean of precision and recall), over the labels people gave.
    pub fn macro_f1(&self) -> f64 {
        let present = self.present();
        // Of nothing it is 0: the sum of no numbers is -0.
        let sum = present.iter().fold(0.0, |sum, label| sum + self.f1(*label));
        sum / present.len().max(1) as f64
    }

    /// The F1 of one label.
    pub fn f1(&self, label: Label) -> f64 {
        let class = label as usize;
        let said: u32 = self.confusion[class].iter().sum();
        let read: u32 = self.confusion.iter().map(|row| row[class]).sum();
        2.0 * f64::from(self.confusion[class][class]) / f64::from((said + read).max(1))
    }
}
