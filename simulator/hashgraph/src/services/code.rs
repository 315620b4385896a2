//! The results that the crypto service gives, by the numbers of the Hedera API of 2019.

use std::fmt;

use crate::files::results;

/// What became of a transaction or a query.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResponseCode(i32);

impl ResponseCode {
    /// The number in messages.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The name in the Hedera API.
    pub fn name(self) -> &'static str {
        results::name(self.0).unwrap_or("UNKNOWN")
    }

    /// The code of a number of the API of 2019.
    pub fn from_number(number: i32) -> Option<Self> {
        results::name(number).map(|_| ResponseCode(number))
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! codes {
    ($($name:ident = $number:literal,)*) => {
        #[allow(missing_docs, reason = "the names are those of the Hedera API")]
        impl ResponseCode {
            $(pub const $name: ResponseCode = ResponseCode($number);)*
        }

        #[cfg(test)]
        const ALL: &[(&str, i32)] = &[$((stringify!($name), $number),)*];
    };
}

codes! {
    OK = 0,
    INVALID_TRANSACTION = 1,
    PAYER_ACCOUNT_NOT_FOUND = 2,
    INVALID_NODE_ACCOUNT = 3,
    TRANSACTION_EXPIRED = 4,
    INVALID_TRANSACTION_START = 5,
    INVALID_TRANSACTION_DURATION = 6,
    INVALID_SIGNATURE = 7,
    MEMO_TOO_LONG = 8,
    INSUFFICIENT_TX_FEE = 9,
    INSUFFICIENT_PAYER_BALANCE = 10,
    DUPLICATE_TRANSACTION = 11,
    BUSY = 12,
    NOT_SUPPORTED = 13,
    INVALID_ACCOUNT_ID = 15,
    INVALID_CONTRACT_ID = 16,
    INVALID_TRANSACTION_ID = 17,
    RECEIPT_NOT_FOUND = 18,
    RECORD_NOT_FOUND = 19,
    UNKNOWN = 21,
    SUCCESS = 22,
    KEY_REQUIRED = 26,
    INSUFFICIENT_ACCOUNT_BALANCE = 28,
    INVALID_RECEIVING_NODE_ACCOUNT = 35,
    MISSING_QUERY_HEADER = 36,
    INVALID_KEY_ENCODING = 38,
    INVALID_PAYER_SIGNATURE = 43,
    INVALID_EXPIRATION_TIME = 45,
    INVALID_ACCOUNT_AMOUNTS = 48,
    INVALID_TRANSACTION_BODY = 50,
    EMPTY_QUERY_BODY = 57,
    TRANSACTION_OVERSIZE = 64,
    INVALID_RENEWAL_PERIOD = 70,
    ACCOUNT_DELETED = 72,
    ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS = 74,
    AUTORENEW_DURATION_NOT_IN_RANGE = 81,
    INVALID_INITIAL_BALANCE = 85,
    INVALID_RECEIVE_RECORD_THRESHOLD = 86,
    INVALID_SEND_RECORD_THRESHOLD = 87,
    TRANSFER_LIST_SIZE_LIMIT_EXCEEDED = 92,
    ENTITY_NOT_ALLOWED_TO_DELETE = 100,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_the_number_of_its_name() {
        for (name, number) in ALL {
            assert_eq!(results::number(name), Some(*number), "{name}");
            assert_eq!(ResponseCode(*number).to_string(), *name);
        }
        assert_eq!(ResponseCode::from_number(106), None);
    }
}
