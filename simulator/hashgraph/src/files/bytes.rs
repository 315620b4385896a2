//! Reading bytes one piece after the other.

use super::{FileError, FileHash};

/// What is left to read of a file.
#[derive(Clone, Debug)]
pub(super) struct Bytes<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Bytes { file, at: 0 }
    }

    /// How many bytes were read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.file.len()
    }

    pub(super) fn expect_end(&self) -> Result<(), FileError> {
        if self.is_at_end() { Ok(()) } else { Err(FileError::Trailing(self.file.len() - self.at)) }
    }

    fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], FileError> {
        let rest = &self.file[self.at..];
        let taken = rest.get(..length).ok_or(FileError::Truncated { what, at: self.file.len() })?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], FileError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, what)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self, what: &'static str) -> Result<u8, FileError> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    /// A byte that has to be this one.
    pub(super) fn marker(&mut self, marker: u8, expected: &'static str) -> Result<(), FileError> {
        let found = self.byte(expected)?;
        if found == marker { Ok(()) } else { Err(FileError::Marker { at: self.at - 1, found, expected }) }
    }

    /// An integer of 32 bits, the highest first.
    pub(super) fn int(&mut self, what: &'static str) -> Result<i32, FileError> {
        self.array(what).map(i32::from_be_bytes)
    }

    pub(super) fn hash(&mut self, what: &'static str) -> Result<FileHash, FileError> {
        self.array(what).map(FileHash)
    }

    /// A length, then as many bytes.
    pub(super) fn sized(&mut self, what: &'static str) -> Result<&'a [u8], FileError> {
        let length = self.int(what)?;
        let bytes = usize::try_from(length).map_err(|_| FileError::Length { what, length })?;
        self.take(bytes, what)
    }
}

/// Appends the length of some bytes, then the bytes; of more than 2 GiB only what the length can tell.
pub(super) fn put_sized(file: &mut Vec<u8>, bytes: &[u8]) {
    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    file.extend(length.to_be_bytes());
    file.extend(bytes.iter().take(length.unsigned_abs() as usize));
}
