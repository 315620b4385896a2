//! Mistakes that can be built into a node's API, to see whether the vectors bite.
//!
//! A node makes none unless it is compiled with the feature `mutants` and told which. Without the feature every question
//! for a mutant is a constant `false`, and nothing of them is left in the program. Bugs between nodes are
//! [`Bug`](crate::Bug)s; these are what somebody who writes the API alone gets wrong.

use std::fmt;

/// Declares the mutants: under the vector file that is to catch them first, each with what the node then does.
macro_rules! mutants {
    ($($home:literal { $(#[doc = $about:literal] $name:ident,)+ })+) => {
        /// A mistake that an author of the IRI API might make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Mutant { $($(#[doc = $about] $name,)+)+ }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Mutant] = &[$($(Mutant::$name,)+)+];

            /// The command that is wrong, or `envelope`, `auth` or `limits` for what all commands share.
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
    "envelope" {
        /// Requests without X-IOTA-API-Version are served.
        VersionNotNeeded,
        /// Only version 1 is served.
        OnlyVersionOne,
        /// A command's case does not matter.
        CommandCaseIgnored,
        /// Blanks around a command do not matter.
        CommandTrimmed,
        /// A request without command gets the text of an unknown command.
        NoCommandIsUnknown,
        /// An unknown command is answered with 200.
        UnknownCommandIsFine,
        /// An unknown command is a server error.
        UnknownCommandIsException,
        /// A body that is no JSON is a server error.
        BadJsonIsException,
        /// Parameters that no command has are refused.
        UnknownParameterRefused,
        /// Errors come with status 200.
        ErrorsAreFine,
        /// An error does not say why.
        ErrorsSayNothing,
        /// The text of an error is called `message`.
        ErrorsAreMessages,
        /// What the node throws comes as an `error` with 400.
        ExceptionsAreErrors,
        /// Replies have no duration.
        NoDuration,
        /// The duration is a text.
        DurationIsText,
        /// Errors have no duration.
        ErrorsHaveNoDuration,
        /// `<`, `>`, `&`, `=` and `'` are written as they are.
        HtmlNotEscaped,
        /// An empty body counts as an empty object.
        EmptyBodyIsObject,
        /// What comes behind the object is not looked at.
        RestOfBodyIgnored,
        /// A number may come as a text.
        TextsAreNumbers,
        /// Numbers with a fraction are refused.
        FractionsRefused,
        /// Fractions are rounded up.
        FractionsRoundedUp,
        /// Numbers beyond 32 bits wrap around.
        NumbersWrap,
        /// No page of another origin may read a reply.
        NoCors,
        /// The content type names a charset.
        ContentTypeHasCharset,
        /// The content type is text.
        ContentTypeIsText,
        /// OPTIONS is answered like any other method.
        OptionsRunsCommand,
        /// Only POST is served.
        OnlyPost,
        /// Only the path `/` is served.
        OnlyRoot,
        /// A command that is kept from others is served to them.
        LimitedCommandServed,
        /// A command that is kept from others is answered with 403.
        LimitedCommandForbidden,
        /// A command that is kept from others is answered as unknown.
        LimitedCommandUnknown,
    }
    "auth" {
        /// Credentials are not looked at.
        AuthIgnored,
        /// The user is enough, whatever the password.
        AuthUserIsEnough,
        /// The scheme has to be written `Basic`.
        AuthSchemeCaseMatters,
        /// Who shows no credentials is not told how to.
        AuthNoChallenge,
        /// Wrong credentials are answered with 403.
        AuthForbidden,
        /// OPTIONS needs no credentials.
        AuthNotForOptions,
    }
    "limits" {
        /// A body of exactly the limit is too long.
        BodyLimitExclusive,
        /// The length of a body is counted in bytes.
        BodyLimitInBytes,
        /// A body may be of any length.
        BodyLimitIgnored,
        /// A list of exactly the limit is too long.
        ListLimitExclusive,
        /// A list may have one element more than the limit.
        ListLimitOneMore,
        /// A list may be of any length.
        ListLimitIgnored,
        /// The elements of a list are checked before its length.
        ListLimitAfterElements,
        /// What is beyond the limit of a list is left out without a word.
        ListCutToLimit,
        /// As many transactions as getTrytes may answer are too many.
        TrytesLimitExclusive,
        /// getTrytes answers any number of transactions.
        TrytesLimitIgnored,
        /// As many transactions as findTransactions may find are too many.
        FindLimitExclusive,
        /// findTransactions answers any number of transactions.
        FindLimitIgnored,
        /// What findTransactions finds beyond its limit is left out without a word.
        FindCutToLimit,
        /// The limit of findTransactions holds for each parameter, before they are intersected.
        FindLimitBeforeIntersection,
        /// The defaults are told in place of the configured limits.
        DefaultLimitsTold,
    }
    "addNeighbors" {
        /// URIs that are none count as added.
        EveryUriAdded,
        /// Any scheme will do.
        AnySchemeAdded,
        /// The scheme's case does not matter.
        SchemeCaseIgnored,
        /// A neighbour that is there already does not count.
        KnownNeighborNotCounted,
        /// One bad URI refuses the request.
        BadUriRefused,
        /// Neighbours are counted, not kept.
        NeighborsNotKept,
        /// The count is a text.
        AddedIsText,
    }
    "removeNeighbors" {
        /// Every URI counts as removed.
        EveryUriRemoved,
        /// Neighbours stay.
        NeighborsStay,
        /// The count comes as `addedNeighbors`.
        RemovedCalledAdded,
    }
    "getNeighbors" {
        /// Neighbours that are not connected are not shown.
        OnlyConnectedShown,
        /// The address has no port.
        NeighborWithoutPort,
        /// The address is the name, not what it resolves to.
        NeighborAddressIsDomain,
        /// Connections are told as udp.
        NeighborIsUdp,
        /// Every neighbour is shown as connected.
        EveryoneConnected,
        /// The number of stale transactions is left out.
        NoStaleCount,
        /// The counters are texts.
        CountersAreTexts,
    }
    "getNodeInfo" {
        /// The latest milestone is that which the node heard of, told as solid, too.
        SolidIsLatest,
        /// The latest milestone told is the latest solid one.
        LatestIsSolid,
        /// The latest index is one too high.
        LatestIndexOffByOne,
        /// The hash of the latest milestone is that of another one.
        LatestHashIsFirst,
        /// The time is in seconds.
        TimeInSeconds,
        /// The number of tips is that of all transactions.
        TipsAreTransactions,
        /// There are no tips to tell of.
        TipsNotCounted,
        /// What is missing is not counted.
        RequestsNotCounted,
        /// Neighbours that are not connected are counted.
        AllNeighborsCounted,
        /// The configured start index is told in place of that of the first milestone.
        StartIndexOfConfig,
        /// The features are left out.
        NoFeatures,
        /// The coordinator's address is left out.
        NoCoordinator,
        /// The version is a number.
        VersionIsNumber,
        /// The name of a test network is told as that of the mainnet.
        MainnetName,
    }
    "getNodeAPIConfiguration" {
        /// maxRequestsList is left out.
        NoListLimitTold,
        /// The limits are texts.
        LimitsAreTexts,
        /// testNet is a number.
        TestNetIsNumber,
        /// The limits are told one level deeper.
        LimitsNested,
    }
    "getTips" {
        /// Only tips whose past is complete are told.
        SolidTipsOnly,
        /// Every transaction is told.
        EveryTransactionIsTip,
        /// One tip is left out.
        OneTipMissing,
        /// One tip comes twice.
        OneTipTwice,
        /// Confirmed transactions that nothing approves are left out.
        UnconfirmedTipsOnly,
        /// The bundles of the tips are told.
        TipsAreBundles,
    }
    "getMissingTransactions" {
        /// Nothing is ever missing.
        NothingMissing,
        /// Every unknown parent is missing.
        EveryParentMissing,
        /// The list is called `missing`.
        MissingRenamed,
    }
    "getTrytes" {
        /// What is not known comes as null.
        UnknownTrytesNull,
        /// What is not known is left out.
        UnknownTrytesLeftOut,
        /// What is not known is an empty text.
        UnknownTrytesEmpty,
        /// What is not known refuses the request.
        UnknownTrytesRefused,
        /// Transactions come in the order of their hashes.
        TrytesSorted,
        /// A transaction asked for twice comes once.
        TrytesUnique,
        /// Transactions come last first.
        TrytesReversed,
        /// The nonce is cut off.
        TrytesWithoutNonce,
        /// Hashes are told, not trytes.
        TrytesAreHashes,
    }
    "findTransactions" {
        /// Transactions that fit any of the parameters are found.
        FindIsUnion,
        /// Of several parameters only the first counts.
        FindFirstParameterOnly,
        /// Of several keys in a parameter only the first counts.
        FindFirstKeyOnly,
        /// All keys of a parameter have to fit.
        FindKeysIntersected,
        /// A parameter with an empty list does not count.
        FindEmptyListIgnored,
        /// A request without any parameter finds nothing.
        FindWithoutParameters,
        /// Only trunks count as approved.
        FindTrunksOnly,
        /// Only branches count as approved.
        FindBranchesOnly,
        /// Approvers of approvers are found, too.
        FindIndirectApprovers,
        /// The obsolete tag is never looked at.
        FindNoObsoleteTags,
        /// The obsolete tag is always looked at, too.
        FindBothTags,
        /// Tags have to have 27 trytes.
        FindShortTagsRefused,
        /// A tag finds all tags that begin so.
        FindTagPrefixes,
        /// Of a tag, 27 trytes count.
        FindTagsCut,
        /// The address of nine 9s may be searched for.
        FindNullTaken,
        /// Addresses with a checksum are taken.
        FindChecksumTaken,
        /// Only tails are found.
        FindTailsOnly,
        /// Only confirmed transactions are found.
        FindConfirmedOnly,
        /// What is found by two keys comes twice.
        FindTwice,
        /// The first transaction found is left out.
        FindOneMissing,
    }
    "getBalances" {
        /// Any threshold will do, or none.
        ThresholdIgnored,
        /// Without threshold it is 100.
        ThresholdOptional,
        /// A threshold of 0 is taken.
        ThresholdZeroTaken,
        /// A threshold of 100 is refused.
        ThresholdHundredRefused,
        /// A threshold of 101 is taken.
        ThresholdBeyondTaken,
        /// Tips are not looked at.
        BalancesIgnoreTips,
        /// Unknown tips are passed over.
        BalancesUnknownTipsSkipped,
        /// Tips need not be consistent.
        BalancesInconsistentTipsTaken,
        /// Of several tips only the last counts.
        BalancesLastTipOnly,
        /// Only what tips bring counts, not what they take.
        BalancesCreditsOnly,
        /// Balances are those before funds were moved last.
        StaleBalances,
        /// Balances are those of the genesis.
        GenesisBalances,
        /// Balances come in the order of the addresses.
        BalancesSorted,
        /// An address asked for twice comes once.
        BalancesUnique,
        /// Addresses without funds are left out.
        BalancesFundedOnly,
        /// An address without funds has an empty balance.
        BalancesEmptyText,
        /// Balances are numbers.
        BalancesAreNumbers,
        /// References are always the latest milestone.
        ReferencesAreMilestone,
        /// The milestone index is that of the latest milestone, solid or not.
        BalancesIndexIsLatest,
        /// The milestone index is one too low.
        BalancesIndexOffByOne,
        /// Addresses with a checksum are taken.
        BalancesChecksumTaken,
        /// There are no references.
        NoReferences,
    }
    "getInclusionStates" {
        /// Confirmed or not, whatever the tips.
        InclusionIgnoresTips,
        /// Tips may be missing.
        InclusionTipsOptional,
        /// Unknown tips are passed over.
        InclusionUnknownTipsSkipped,
        /// Of several tips only the first counts.
        InclusionFirstTipOnly,
        /// A transaction has to be in the past of every tip.
        InclusionByEveryTip,
        /// What is known is included.
        InclusionOfEverythingKnown,
        /// Nothing that is not confirmed is included.
        InclusionConfirmedOnly,
        /// A tip does not include itself.
        InclusionNotOfTips,
        /// Unknown transactions refuse the request.
        InclusionUnknownRefused,
        /// Unknown transactions are left out.
        InclusionUnknownLeftOut,
        /// States come last first.
        InclusionReversed,
        /// States are numbers.
        InclusionStatesAreNumbers,
        /// A node that is not synchronised answers.
        InclusionUnsynchronized,
        /// Parameters are checked before whether the node is synchronised.
        InclusionParametersFirst,
    }
    "getTransactionsToApprove" {
        /// A depth of 0 is refused.
        DepthZeroRefused,
        /// The greatest depth is refused.
        DepthMaxRefused,
        /// One more than the greatest depth is taken.
        DepthOneMore,
        /// A depth that is too great counts as the greatest.
        DepthClamped,
        /// A negative depth counts as 0.
        DepthNegativeTaken,
        /// Without depth it is 3.
        DepthOptional,
        /// The reference is not looked at.
        ReferenceIgnored,
        /// The reference comes back as the branch, whatever it is.
        ReferenceIsBranch,
        /// A reference that is not known is passed over.
        ReferenceUnknownSkipped,
        /// A node that is not synchronised answers.
        ApproveUnsynchronized,
        /// Depth is checked before the reference is.
        DepthBeforeReference,
        /// Whether the node is synchronised is checked before depth and reference.
        SynchronizedBeforeDepth,
        /// Transactions are told that are no tails.
        ApproveNoTails,
        /// A transaction is told that nobody knows.
        ApproveUnknown,
        /// The trunk is called `trunk`.
        TrunkRenamed,
    }
    "checkConsistency" {
        /// Each tail is looked at alone.
        ConsistencyTailsAlone,
        /// Only the first tail is looked at.
        ConsistencyFirstTailOnly,
        /// Everything is consistent.
        ConsistencyAlways,
        /// Nothing is consistent.
        ConsistencyNever,
        /// Signatures, sums and hashes of bundles are not looked at.
        ConsistencyBundlesUnchecked,
        /// A past that is not complete will do.
        ConsistencySolidityUnchecked,
        /// Nothing is below max depth.
        ConsistencyDepthUnchecked,
        /// Transactions that are no tails are passed over.
        ConsistencyNoTailsSkipped,
        /// A transaction that is no tail is inconsistent.
        ConsistencyNoTailIsState,
        /// An unknown transaction is inconsistent.
        ConsistencyUnknownIsState,
        /// Unknown transactions are passed over.
        ConsistencyUnknownSkipped,
        /// What is inconsistent is an error.
        InconsistencyIsError,
        /// Nothing is said about what is inconsistent.
        ConsistencyWithoutInfo,
        /// State is a text.
        ConsistencyStateIsText,
        /// A node that is not synchronised answers.
        ConsistencyUnsynchronized,
        /// No tails are inconsistent.
        ConsistencyOfNothingFalse,
    }
    "wereAddressesSpentFrom" {
        /// Whoever received something has spent.
        SpentIfReceived,
        /// Only confirmed payments count.
        SpentConfirmedOnly,
        /// Who has funds has not spent.
        SpentUnlessFunded,
        /// Who has no funds has spent.
        SpentIfEmpty,
        /// Nobody has spent.
        SpentNever,
        /// Everybody has spent.
        SpentAlways,
        /// States come last first.
        SpentReversed,
        /// An address asked for twice comes once.
        SpentUnique,
        /// An empty list is refused.
        SpentEmptyRefused,
        /// Addresses with a checksum are taken.
        SpentChecksumTaken,
    }
    "attachToTangle" {
        /// Transactions come head first.
        AttachedHeadFirst,
        /// The bundle is sorted by index first.
        AttachSorts,
        /// Trunk and branch are swapped.
        AttachParentsSwapped,
        /// Every transaction approves trunk and branch.
        AttachEveryoneOnTrunk,
        /// Members approve the branch where they should approve the trunk.
        AttachMembersOnBranch,
        /// The attachment timestamp is in seconds.
        AttachTimeInSeconds,
        /// There is no attachment timestamp.
        AttachWithoutTime,
        /// The upper bound of the attachment timestamp is 0.
        AttachUpperBoundZero,
        /// The tag is always that of the bundle.
        AttachTagOverwritten,
        /// An empty tag stays empty.
        AttachTagStaysEmpty,
        /// A trit less than asked for is enough.
        AttachOneTritLess,
        /// The weight asked for is not looked at, the node's own counts.
        AttachNodesWeight,
        /// A weight of 244 is taken for 13.
        AttachWeightClamped,
        /// Only the first transaction comes back.
        AttachedFirstOnly,
        /// What is sent comes back as it was.
        AttachDoesNothing,
        /// An empty list is refused.
        AttachEmptyRefused,
        /// Trunk and branch have to be known.
        AttachParentsKnown,
        /// What is attached is stored, too.
        AttachStores,
    }
    "interruptAttachingToTangle" {
        /// Work goes on.
        InterruptIgnored,
        /// The interrupted call fails.
        InterruptedIsException,
        /// It is an error if there is no work.
        InterruptNothingRefused,
        /// The reply tells that it was done.
        InterruptTellsState,
    }
    "broadcastTransactions" {
        /// Invalid transactions are refused.
        BroadcastRefusesInvalid,
        /// Nothing is stored.
        BroadcastStoresNothing,
        /// Only the first transaction is taken.
        BroadcastFirstOnly,
        /// What is known already is refused.
        BroadcastRefusesKnown,
        /// Hashes come back.
        BroadcastTellsHashes,
    }
    "storeTransactions" {
        /// What comes before an invalid transaction is stored.
        StorePartly,
        /// Invalid transactions are passed over.
        StoreSkipsInvalid,
        /// Nothing is stored.
        StoreNothing,
        /// Any weight will do.
        StoreAnyWeight,
        /// One trit less than the minimum weight will do.
        StoreOneTritLess,
        /// Any date behind will do.
        StoreOldTaken,
        /// Any date ahead will do.
        StoreFutureTaken,
        /// Any value will do.
        StoreAnyValue,
        /// Values may move to any address.
        StoreAnyAddress,
        /// No address may have a last trit.
        StoreStrictAddress,
        /// Transactions with parents that are not known are refused.
        StoreUnknownParentsRefused,
        /// What is known already is refused.
        StoreRefusesKnown,
        /// Refusals are exceptions.
        StoreThrows,
        /// An empty list is refused.
        StoreEmptyRefused,
    }
}

/// Which mistake a node's API makes: none, unless the feature `mutants` is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mutation {
    #[cfg(feature = "mutants")]
    mutant: Option<Mutant>,
}

impl Mutation {
    /// This one.
    #[cfg(feature = "mutants")]
    pub fn only(mutant: Mutant) -> Mutation {
        Mutation { mutant: Some(mutant) }
    }

    /// Which one.
    #[cfg(feature = "mutants")]
    pub(crate) fn mutant(self) -> Option<Mutant> {
        self.mutant
    }

    /// Whether it is this one.
    #[cfg(feature = "mutants")]
    pub fn has(self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Never.
    #[cfg(not(feature = "mutants"))]
    pub const fn has(self, _: Mutant) -> bool {
        false
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
