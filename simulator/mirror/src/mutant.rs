//! Mistakes that can be built into the API, to see whether the vectors bite.
//!
//! A mirror node makes none unless it is compiled with the feature `mutants` and told which. Without the feature there is
//! no way to tell it one, and nothing of them is left in the program.

use std::fmt;

/// Declares the mutants: under the vector file that is to catch them first, each with what the node then does.
macro_rules! mutants {
    ($($home:literal { $(#[doc = $about:literal] $name:ident,)+ })+) => {
        /// A mistake that an author of a mirror node might make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Mutant { $($(#[doc = $about] $name,)+)+ }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Mutant] = &[$($(Mutant::$name,)+)+];

            /// The endpoint that is wrong, or `http` for what all share.
            pub fn home(self) -> &'static str {
                match self { $($(Mutant::$name)|+ => $home,)+ }
            }

            /// What the node does, in one sentence.
            pub fn about(self) -> &'static str {
                match self { $($(Mutant::$name => $about,)+)+ }.trim_ascii_start()
            }
        }
    };
}

mutants! {
    "accounts" {
        /// The limit is not looked at.
        AccountsLimitIgnored,
        /// A page has one row more than the limit.
        AccountsLimitOneMore,
        /// Without limit a page has 25 rows.
        AccountsDefaultLimit,
        /// The order is not looked at.
        AccountsOrderIgnored,
        /// Without order the last account comes first.
        AccountsDefaultDescending,
        /// The first two rows are swapped.
        AccountsUnsorted,
        /// The last row comes twice.
        AccountsRowTwice,
        /// Only the first of several account.id counts.
        AccountsFirstIdOnly,
        /// Accounts are listed that fit any account.id.
        AccountsIdUnion,
        /// `gt` means `gte`, and `lt` means `lte`.
        AccountsBoundsInclusive,
        /// `gte` means `gt`, and `lte` means `lt`.
        AccountsBoundsExclusive,
        /// account.id is not looked at.
        AccountsIdIgnored,
        /// account.balance is not looked at.
        AccountsBalanceIgnored,
        /// The operator of account.balance is not looked at.
        AccountsBalanceEqual,
        /// account.publickey is not looked at.
        AccountsKeyIgnored,
        /// The case of account.publickey matters.
        AccountsKeyCaseMatters,
        /// A key in DER form finds nothing.
        AccountsDerKeyUnknown,
        /// The link to the next page begins with the last row of this one.
        AccountsNextInclusive,
        /// The link to the next page leaves an account out.
        AccountsNextSkips,
        /// The link to the next page has no filters.
        AccountsNextWithoutFilters,
        /// The link to the next page has no limit.
        AccountsNextWithoutLimit,
        /// The link to the next page goes back.
        AccountsNextGoesBack,
        /// There is never a next page.
        AccountsNextNull,
        /// There is always a next page.
        AccountsNextAlways,
        /// The link to the next page names a host.
        AccountsNextAbsolute,
        /// Balances are those of the snapshot before.
        AccountsStaleBalances,
        /// The time of a balance is in seconds.
        AccountsBalanceTimeCut,
        /// The balance is a number, without time.
        AccountsBalanceFlat,
        /// The balance is a text.
        AccountsBalanceText,
        /// Deleted accounts are not listed.
        AccountsDeletedHidden,
        /// What is not known to be deleted counts as not deleted.
        AccountsDeletedFalse,
        /// Contracts are not listed.
        AccountsContractsHidden,
        /// Keys come with the bytes that tell their type.
        AccountsKeyWithPrefix,
        /// Every key is told as an Ed25519 key.
        AccountsKeyAlwaysEd25519,
        /// A key is a text.
        AccountsKeyFlat,
        /// Keys are written in capitals.
        AccountsKeyUpperCase,
        /// Fields that are null are left out.
        AccountsNullsLeftOut,
        /// The type of an entity is left out.
        AccountsNoEntityType,
        /// The shard is left out of an account's id.
        AccountsShortIds,
    }
    "account" {
        /// There are no transactions.
        AccountNoTransactions,
        /// Transactions come the earliest first.
        AccountTransactionsAscending,
        /// The limit is not looked at.
        AccountLimitIgnored,
        /// The order is not looked at.
        AccountOrderIgnored,
        /// The type is not looked at.
        AccountTypeIgnored,
        /// The result is not looked at.
        AccountResultIgnored,
        /// The timestamp is not looked at.
        AccountTimestampIgnored,
        /// An unknown account is an empty one.
        AccountUnknownIsEmpty,
        /// An unknown account is a bad request.
        AccountUnknownIsBad,
        /// An id that is none is not found.
        AccountBadIdNotFound,
        /// An account's number alone is no id.
        AccountNumberRefused,
        /// The account comes under `account`.
        AccountNested,
        /// There are no links.
        AccountNoLinks,
        /// Only transactions that the account paid are shown.
        AccountPaidOnly,
        /// The balance is that of the snapshot before.
        AccountStaleBalance,
        /// There is never a next page.
        AccountNextNull,
        /// The link to the next page is to the list of all transactions.
        AccountNextElsewhere,
    }
    "balances" {
        /// The limit is not looked at.
        BalancesLimitIgnored,
        /// A page has one row more than the limit.
        BalancesLimitOneMore,
        /// The order is not looked at.
        BalancesOrderIgnored,
        /// Without order the first account comes first.
        BalancesDefaultAscending,
        /// The first two rows are swapped.
        BalancesUnsorted,
        /// The timestamp is not looked at.
        BalancesTimestampIgnored,
        /// A timestamp has to be that of a snapshot.
        BalancesTimestampExact,
        /// The fraction of a timestamp is not looked at.
        BalancesTimestampCut,
        /// The fraction of a timestamp counts nanoseconds.
        BalancesFractionIsNanoseconds,
        /// `lte` means `lt`, and `gte` means `gt`.
        BalancesBoundsExclusive,
        /// `lt` means `lte`, and `gt` means `gte`.
        BalancesBoundsInclusive,
        /// The time told is that asked for.
        BalancesTimeEchoed,
        /// The time is told even if there are no balances.
        BalancesTimeAlways,
        /// The time is left out if there are no balances.
        BalancesTimeLeftOut,
        /// account.id is not looked at.
        BalancesIdIgnored,
        /// account.balance is not looked at.
        BalancesBalanceIgnored,
        /// account.publickey is not looked at.
        BalancesKeyIgnored,
        /// Only the first of several account.id counts.
        BalancesFirstIdOnly,
        /// Balances are those of the snapshot before.
        BalancesStale,
        /// Balances of zero are left out.
        BalancesZeroHidden,
        /// Balances are texts.
        BalancesText,
        /// The link to the next page begins with the last row of this one.
        BalancesNextInclusive,
        /// The link to the next page has no timestamp.
        BalancesNextWithoutTime,
        /// There is never a next page.
        BalancesNextNull,
        /// There is always a next page.
        BalancesNextAlways,
        /// The link to the next page goes back.
        BalancesNextGoesBack,
    }
    "transactions" {
        /// The limit is not looked at.
        TransactionsLimitIgnored,
        /// A page has one row more than the limit.
        TransactionsLimitOneMore,
        /// A limit of 1000 counts as 100.
        TransactionsLimitHundred,
        /// The order is not looked at.
        TransactionsOrderIgnored,
        /// Without order the earliest comes first.
        TransactionsDefaultAscending,
        /// The first two rows are swapped.
        TransactionsUnsorted,
        /// The last row comes twice.
        TransactionsRowTwice,
        /// The type is not looked at.
        TransactionsTypeIgnored,
        /// Credit and debit are swapped.
        TransactionsTypeSwapped,
        /// The type may be that of any account.
        TransactionsTypeOfAnyone,
        /// The result is not looked at.
        TransactionsResultIgnored,
        /// Success and failure are swapped.
        TransactionsResultSwapped,
        /// OK counts as success.
        TransactionsOkIsSuccess,
        /// account.id is not looked at.
        TransactionsIdIgnored,
        /// account.id is that of the payer.
        TransactionsPayerOnly,
        /// Transactions are listed that fit any account.id.
        TransactionsIdUnion,
        /// Only the first of several timestamps counts.
        TransactionsFirstTimeOnly,
        /// The timestamp is not looked at.
        TransactionsTimestampIgnored,
        /// The fraction of a timestamp is not looked at.
        TransactionsTimestampCut,
        /// The fraction of a timestamp counts nanoseconds.
        TransactionsFractionIsNanoseconds,
        /// `lte` means `lt`, and `gte` means `gt`.
        TransactionsBoundsExclusive,
        /// `lt` means `lte`, and `gt` means `gte`.
        TransactionsBoundsInclusive,
        /// Only transfers of the account asked for are shown.
        TransactionsOwnTransfersOnly,
        /// Transfers of an account are added up.
        TransactionsTransfersMerged,
        /// Amounts are texts.
        TransactionsAmountsText,
        /// Transfers to the node are left out.
        TransactionsFeesHidden,
        /// Failed transactions are not listed.
        TransactionsFailedHidden,
        /// Of transactions with the same id only one is listed.
        TransactionsDuplicatesHidden,
        /// The fee is a text.
        TransactionsFeeText,
        /// The greatest fee is a number.
        TransactionsMaxFeeNumber,
        /// The fee charged is the greatest.
        TransactionsFeeIsMaxFee,
        /// The valid duration is a number.
        TransactionsDurationNumber,
        /// The memo is not encoded.
        TransactionsMemoPlain,
        /// The memo's padding is left out.
        TransactionsMemoUnpadded,
        /// An empty memo is null.
        TransactionsMemoNull,
        /// The name is in small letters.
        TransactionsNameLower,
        /// The node is the payer.
        TransactionsNodeIsPayer,
        /// The valid start is the time of consensus.
        TransactionsStartIsConsensus,
        /// The time of consensus has microseconds.
        TransactionsMicroseconds,
        /// Zeros at the end of a time are left out.
        TransactionsTimesTrimmed,
        /// Times are numbers.
        TransactionsTimesNumbers,
        /// The id is written as the SDKs write it.
        TransactionsSdkIds,
        /// The link to the next page begins with the last row of this one.
        TransactionsNextInclusive,
        /// The link to the next page has no filters.
        TransactionsNextWithoutFilters,
        /// The link to the next page has no limit.
        TransactionsNextWithoutLimit,
        /// The link to the next page goes back.
        TransactionsNextGoesBack,
        /// The link to the next page is by seconds.
        TransactionsNextCut,
        /// There is never a next page.
        TransactionsNextNull,
        /// There is always a next page.
        TransactionsNextAlways,
        /// The link to the next page is left out where there is none.
        TransactionsNextLeftOut,
    }
    "transaction" {
        /// Duplicates are not shown.
        TransactionFirstOnly,
        /// Only what succeeded is shown.
        TransactionSuccessOnly,
        /// The latest comes first.
        TransactionDescending,
        /// It comes alone, not in a list.
        TransactionAlone,
        /// What is not known is an empty list.
        TransactionUnknownIsEmpty,
        /// What is not known is a bad request.
        TransactionUnknownIsBad,
        /// An id that is none is an empty list.
        TransactionBadIdIsEmpty,
        /// Ids are taken as the SDKs write them.
        TransactionSdkIdsTaken,
        /// There are links.
        TransactionLinks,
        /// The transfers are left out.
        TransactionNoTransfers,
        /// The charged fee is left out.
        TransactionNoFee,
    }
    "http" {
        /// Parameters that do not exist are not looked at.
        UnknownParametersIgnored,
        /// Parameters with bad values are not looked at.
        BadValuesIgnored,
        /// The names of parameters may be in capitals.
        ParameterCaseIgnored,
        /// A bad parameter is not found.
        BadParameterNotFound,
        /// A bad parameter is a server error.
        BadParameterIsException,
        /// Only the first bad parameter is told.
        OneMessageOnly,
        /// The bad parameter is not named.
        MessageWithoutName,
        /// Messages are texts.
        MessagesAreTexts,
        /// What is not found is an empty object.
        NotFoundIsFine,
        /// A slash at the end of a path is not found.
        TrailingSlashRefused,
        /// The case of a path matters.
        PathCaseMatters,
        /// POST is served as GET.
        PostServed,
        /// HEAD is not served.
        HeadRefused,
        /// OPTIONS is not served.
        OptionsRefused,
        /// No page of another origin may read a reply.
        NoCors,
        /// The content type names no charset.
        NoCharset,
        /// The content type is text.
        ContentTypeIsText,
        /// Nothing is compressed.
        NeverCompressed,
        /// Nothing is known as not modified.
        AlwaysModified,
    }
}

/// Which mistake a mirror node's API makes: none, unless the feature `mutants` is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mutation {
    #[cfg(feature = "mutants")]
    mutant: Option<Mutant>,
}

#[cfg(feature = "mutants")]
impl Mutation {
    /// This one.
    pub fn only(mutant: Mutant) -> Mutation {
        Mutation { mutant: Some(mutant) }
    }

    /// Which one.
    pub(crate) fn mutant(self) -> Option<Mutant> {
        self.mutant
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
