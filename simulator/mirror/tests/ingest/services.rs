//! What transactions do to entities.

use prost::Message;
use tanglegram_mirror::files::FileHash;
use tanglegram_mirror::files::hapi::{self, Data};
use tanglegram_mirror::files::record::Version;
use tanglegram_mirror::ingest::{Event, Importer, Trust};
use tanglegram_mirror::{Entity, EntityId, EntityKind, Store};

use super::network::{Draft, NODES, Written, id, time};

/// The store after these transactions.
fn after(drafts: &[Draft]) -> Store {
    let (mut importer, mut store) = (Importer::new(0, Trust::Anyone), Store::new());
    Written::new(Version::V2, FileHash::NONE, 100, drafts).offer(&mut importer, NODES[0]);
    let events = importer.advance(&mut store);
    assert!(matches!(events[..], [Event::Imported { .. }]), "{events:?}");
    store
}

fn ed25519(byte: u8) -> Vec<u8> {
    hapi::Key { ed25519: Some(vec![byte; 32]) }.encode_to_vec()
}

fn create(second: i64, num: i64, key: u8) -> Draft {
    let body = hapi::CryptoCreate {
        key: Some(ed25519(key)),
        initial_balance: 500,
        proxy_account: Some(id(7)),
        auto_renew_period: Some(hapi::Duration { seconds: 7_776_000 }),
        ..hapi::CryptoCreate::default()
    };
    let mut draft = Draft::new(second, Some(Data::CryptoCreateAccount(body)));
    draft.receipt().account = Some(id(num));
    draft
}

fn entity(store: &Store, num: i64) -> &Entity {
    store.entity(EntityId::new(0, 0, num)).unwrap_or_else(|| panic!("nobody knows 0.0.{num}"))
}

fn fail(mut draft: Draft) -> Draft {
    draft.receipt().status = 7;
    draft
}

#[test]
fn whoever_is_named_becomes_an_account() {
    let store = after(&[create(100, 2000, 1)]);
    for num in [1001, 3, 98, 7, 2000] {
        assert_eq!(entity(&store, num).kind, EntityKind::Account, "0.0.{num}");
    }
}

/// A creation that failed made no account, but still names one.
#[test]
fn the_proxy_of_a_failed_creation_becomes_an_account() {
    let mut draft = fail(create(100, 2000, 1));
    draft.receipt().account = None;
    let store = after(&[draft]);
    assert_eq!(entity(&store, 7).kind, EntityKind::Account);
    assert!(store.entity(EntityId::new(0, 0, 2000)).is_none());
}

#[test]
fn an_account_is_created() {
    let store = after(&[create(100, 2000, 1)]);
    let account = entity(&store, 2000);
    assert_eq!(account.ed25519.as_deref(), Some("01".repeat(32).as_str()));
    assert_eq!(
        (account.auto_renew_period, account.expiry, account.deleted),
        (Some(7_776_000), None, Some(false))
    );
    let transfers = &store.transactions().iter().next().unwrap().transfers;
    let amounts: Vec<(i64, i64)> =
        transfers.iter().map(|(who, amount)| (store.entities().get(*who).id.num, *amount)).collect();
    assert_eq!(
        amounts,
        [(1001, -8), (3, 5), (98, 3), (1001, -500), (2000, 500)],
        "the initial balance is added"
    );
}

#[test]
fn a_transfer_of_the_initial_balance_is_not_added_twice() {
    let mut draft = create(100, 2000, 1);
    let amounts = &mut draft.record.transfer_list.get_or_insert_default().amounts;
    amounts.push(hapi::AccountAmount { account: Some(id(2000)), amount: 500 });
    assert_eq!(after(&[draft]).transactions().iter().next().unwrap().transfers.len(), 4);
}

#[test]
fn the_first_sight_of_a_number_decides() {
    let store = after(&[create(100, 2000, 1), create(101, 2000, 2), create(102, 98, 3)]);
    assert_eq!(entity(&store, 2000).ed25519.as_deref(), Some("01".repeat(32).as_str()));
    assert_eq!(entity(&store, 98).ed25519, None, "the fee account was seen before");
}

#[test]
fn an_update_changes_what_is_given() {
    let update = |second, key| {
        let body = hapi::CryptoUpdate {
            account: Some(id(2000)),
            key,
            expiration_time: Some(time(77)),
            ..hapi::CryptoUpdate::default()
        };
        Draft::new(second, Some(Data::CryptoUpdateAccount(body)))
    };
    let store = after(&[create(100, 2000, 1), update(101, None)]);
    let account = entity(&store, 2000);
    assert_eq!((account.expiry, account.auto_renew_period), (Some(77), Some(7_776_000)));
    assert!(account.ed25519.is_some());
    let key_list = vec![0x32, 0x02, 0x0a, 0x00];
    let store = after(&[create(100, 2000, 1), update(101, Some(key_list.clone()))]);
    assert_eq!(
        (entity(&store, 2000).key.as_deref(), &entity(&store, 2000).ed25519),
        (Some(&key_list[..]), &None)
    );
    assert_eq!(store.entities().with_key(&"01".repeat(32)).count(), 0, "the old key leads nowhere");
    let store = after(&[create(100, 2000, 1), fail(update(101, Some(ed25519(9))))]);
    assert_eq!(
        entity(&store, 2000).ed25519.as_deref(),
        Some("01".repeat(32).as_str()),
        "a failed one changes nothing"
    );
}

#[test]
fn entities_are_deleted_and_brought_back() {
    let delete = |second| {
        let body = hapi::CryptoDelete { delete_account: Some(id(2000)), transfer_account: None };
        Draft::new(second, Some(Data::CryptoDelete(body)))
    };
    let store = after(&[create(100, 2000, 1), delete(101)]);
    assert_eq!(entity(&store, 2000).deleted, Some(true));
    let store = after(&[create(100, 2000, 1), fail(delete(101))]);
    assert_eq!(entity(&store, 2000).deleted, Some(false));
    let system = |undo: bool, second| {
        let body = hapi::SystemDelete { file: Some(id(150)), contract: None };
        Draft::new(second, Some(if undo { Data::SystemUndelete(body) } else { Data::SystemDelete(body) }))
    };
    assert_eq!(entity(&after(&[system(false, 100)]), 150).deleted, Some(true));
    assert_eq!(entity(&after(&[system(false, 100), system(true, 101)]), 150).deleted, Some(false));
}

#[test]
fn contracts_and_files() {
    let contract = hapi::ContractCreate { admin_key: Some(ed25519(4)), ..hapi::ContractCreate::default() };
    let mut contract = Draft::new(100, Some(Data::ContractCreateInstance(contract)));
    contract.receipt().contract = Some(id(3000));
    let file = hapi::FileCreate { expiration_time: Some(time(55)), keys: Some(vec![0x0a, 0x00]) };
    let mut file = Draft::new(101, Some(Data::FileCreate(file)));
    file.receipt().file = Some(id(4000));
    let store = after(&[contract, file]);
    assert_eq!(
        (entity(&store, 3000).kind, entity(&store, 3000).ed25519.is_some()),
        (EntityKind::Contract, true)
    );
    let file = entity(&store, 4000);
    assert_eq!((file.kind, file.expiry, &file.ed25519), (EntityKind::File, Some(55), &None));
}

#[test]
fn a_body_of_no_known_kind_is_unknown() {
    let store = after(&[Draft::new(100, None)]);
    assert_eq!(&*store.transactions().iter().next().unwrap().name, "UNKNOWN");
}
