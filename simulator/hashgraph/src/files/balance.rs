//! Balance files: the balance of every account at one time, as CSV.

use super::{FileError, FileHash, name};
use crate::{EntityId, Timestamp};

/// In how many lines the time has to come.
const TIME_LINES: usize = 10;
/// What starts the line with the time; letters of any case.
const TIME: &str = "timestamp:";

/// A balance file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceFile {
    /// When the balances held, in nanoseconds since 1970.
    pub time: i64,
    /// Account and balance in tinybars.
    pub balances: Vec<(EntityId, i64)>,
}

impl BalanceFile {
    /// Reads a balance file.
    ///
    /// # Errors
    /// When there is no time in the first ten lines, or a line is no account with its balance.
    pub fn read(file: &[u8]) -> Result<Self, FileError> {
        let text = std::str::from_utf8(file)
            .map_err(|error| problem(1, format!("no UTF-8 from byte {} on", error.valid_up_to())))?;
        let mut lines = (1..).zip(text.lines().map(str::trim));
        let time = read_time(&mut lines)?;
        let (header, _) =
            lines.find(|(_, line)| line.to_ascii_lowercase().contains("shard")).unwrap_or_default();
        if header == 0 {
            return Err(problem(
                1,
                "no line `shardNum,realmNum,accountNum,balance` follows the time".to_owned(),
            ));
        }
        let rows = lines.filter(|(_, line)| !line.is_empty()).map(|(number, line)| read_row(number, line));
        Ok(BalanceFile { time, balances: rows.collect::<Result<_, _>>()? })
    }

    /// The bytes of the file.
    pub fn write(&self) -> Vec<u8> {
        let mut text =
            format!("TimeStamp:{}\nshardNum,realmNum,accountNum,balance\n", name::instant(self.time, ':'));
        for (id, balance) in &self.balances {
            text += &format!("{},{},{},{balance}\n", id.shard, id.realm, id.num);
        }
        text.into_bytes()
    }

    /// The hash that is signed: that of all bytes.
    pub fn hash(file: &[u8]) -> FileHash {
        FileHash::of(&[file])
    }
}

fn problem(line: usize, problem: String) -> FileError {
    FileError::Line { line, problem }
}

fn read_time<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) -> Result<i64, FileError> {
    for (number, line) in lines.take(TIME_LINES) {
        let Some(start) = line.get(..TIME.len()).filter(|start| start.eq_ignore_ascii_case(TIME)) else {
            continue;
        };
        let time = line[start.len()..].trim();
        return name::read_instant(time, ':')
            .filter(|_| time.contains('.'))
            .map(|Timestamp(time)| time)
            .ok_or_else(|| {
                problem(number, format!("`{time}` is no time of the form 2019-08-30T18:30:00.010147001Z"))
            });
    }
    Err(problem(1, format!("no line `TimeStamp:…` among the first {TIME_LINES}")))
}

fn read_row(number: usize, line: &str) -> Result<(EntityId, i64), FileError> {
    let cells: Vec<i64> = line
        .split(',')
        .map(|cell| {
            cell.trim().parse().map_err(|_| problem(number, format!("`{cell}` is no 64-bit integer")))
        })
        .collect::<Result<_, _>>()?;
    match cells[..] {
        [shard, realm, num, balance] => Ok((EntityId::new(shard, realm, num), balance)),
        _ => Err(problem(number, format!("{} columns in place of 4", cells.len()))),
    }
}
