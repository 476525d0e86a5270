//! A linear model: a table of small whole numbers, one a bucket and class.

use super::SentimentError;
use super::feature::{Feature, Features, NUMBERS};

const MAGIC: &[u8; 4] = b"SBWT";
/// The layout of a weights file. It grows with every change of the features, too: old weights mean nothing to new hashes.
const VERSION: u8 = 1;
/// What stands before the numbers.
const HEAD: usize = 8;
/// The most a weights file may unfold to.
const LARGEST: usize = 16 << 20;

/// The sums of the classes for one text.
pub type Sums = [f32; 3];

/// A linear model.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Classes.
    pub classes: usize,
    /// The buckets are two to this power.
    pub bits: u32,
    /// What one of the table is worth.
    pub scale: f32,
    /// For each number beside the hashes, one weight a class.
    pub numbers: Vec<f32>,
    /// What each class has from the start.
    pub bias: Vec<f32>,
    /// Bucket by bucket, one weight a class.
    pub table: Vec<i8>,
}

impl Weights {
    /// Rounds weights to the small whole numbers of the table.
    pub fn rounded(classes: usize, bits: u32, exact: &[f32], numbers: Vec<f32>, bias: Vec<f32>) -> Weights {
        let most = exact.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
        let scale = if most > 0.0 { most / 127.0 } else { 1.0 };
        let table = exact.iter().map(|weight| (weight / scale).round() as i8).collect();
        Weights { classes, bits, scale, numbers, bias, table }
    }

    /// The bucket of a hash.
    pub fn bucket(&self, hash: u32) -> usize {
        (hash & ((1 << self.bits) - 1)) as usize
    }

    /// The weights of a hash, one a class.
    pub fn of(&self, hash: u32) -> &[i8] {
        let from = self.bucket(hash) * self.classes;
        self.table.get(from..from + self.classes).unwrap_or_default()
    }

    /// The sums of three classes.
    pub fn sums(&self, features: &Features) -> Sums {
        let mut table = [0_i32; 3];
        for feature in &features.hashes {
            for (sum, weight) in table.iter_mut().zip(self.of(feature.hash)) {
                *sum += i32::from(*weight);
            }
        }
        let share = self.scale * length(&features.hashes);
        let mut sums = table.map(|sum| sum as f32 * share);
        for (class, sum) in sums.iter_mut().enumerate() {
            *sum += self.bias.get(class).copied().unwrap_or_default();
            for (number, value) in features.numbers.iter().enumerate() {
                *sum += value * self.numbers.get(number * self.classes + class).copied().unwrap_or_default();
            }
        }
        sums
    }

    /// As a file: packed with zstd, with a checksum.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SentimentError> {
        let plain = self.to_plain();
        zstd::bulk::compress(&plain, 19)
            .map_err(|error| SentimentError::Damaged { what: "weights", why: error.to_string() })
    }

    /// As a file before it is packed.
    pub fn to_plain(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.table.len() + 512);
        bytes.extend_from_slice(MAGIC);
        bytes.extend([VERSION, self.classes as u8, self.bits as u8, (self.numbers.len() / self.classes.max(1)) as u8]);
        for number in std::iter::once(&self.scale).chain(&self.numbers).chain(&self.bias) {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.table.iter().map(|weight| weight.to_le_bytes()[0]));
        let sum = crc32c::crc32c(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    /// Reads a weights file.
    ///
    /// # Errors
    /// It is damaged, or of another version of the program.
    pub fn from_bytes(packed: &[u8]) -> Result<Weights, SentimentError> {
        let damaged = |why: &str| SentimentError::Damaged { what: "weights", why: why.to_owned() };
        let bytes = zstd::bulk::decompress(packed, LARGEST).map_err(|error| damaged(&error.to_string()))?;
        if bytes.get(..4) != Some(MAGIC) {
            return Err(damaged("it is no weights file"));
        }
        let (head, Some(&version)) = (bytes.get(..HEAD).ok_or_else(|| damaged("it ends early"))?, bytes.get(4)) else {
            return Err(damaged("it ends early"));
        };
        if version != VERSION {
            return Err(SentimentError::Version { what: "weights", found: version, known: VERSION });
        }
        let (classes, bits, count) = (usize::from(head[5]), u32::from(head[6]), usize::from(head[7]));
        if classes == 0 || classes > 32 || bits > 20 || count > NUMBERS {
            return Err(damaged("its head makes no sense"));
        }
        let floats = 1 + count * classes + classes;
        let table = HEAD + floats * 4;
        let end = table + (classes << bits);
        if bytes.len() != end + 4 {
            return Err(damaged("it has another length than it says"));
        }
        if crc32c::crc32c(&bytes[..end]).to_le_bytes() != bytes[end..] {
            return Err(damaged("its checksum is wrong"));
        }
        let mut read =
            bytes[HEAD..table].chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
        let scale = read.next().unwrap_or(1.0);
        let numbers = read.by_ref().take(count * classes).collect();
        let bias = read.collect();
        Ok(Weights {
            classes,
            bits,
            scale,
            numbers,
            bias,
            table: bytes[table..end].iter().map(|byte| *byte as i8).collect(),
        })
    }
}

/// What each hash counts: a text's hashes have length 1 together.
pub fn length(hashes: &[Feature]) -> f32 {
    1.0 / (hashes.len().max(1) as f32).sqrt()
}
