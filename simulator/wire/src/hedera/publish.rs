//! Signing files, putting them into a folder, and letting the mirror node read them.

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tanglegram_hashgraph::streams::{StreamFile, keys};
use tanglegram_mirror::EntityId;
use tanglegram_mirror::Mirror;
use tanglegram_mirror::files::FileError;
use tanglegram_mirror::files::address_book::AddressBook;
use tanglegram_mirror::ingest::{Event, Importer, Trust};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;

/// Where the files of all nodes lie.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder, with the address book in it. It must not hold files of another network: theirs would not go on with
    /// this one's.
    pub(super) fn make(path: &Path, book: &AddressBook) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        if fs::read_dir(path)?.next().is_some() {
            let problem = "it is not empty, and files of two networks do not go together: give a new folder";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, problem));
        }
        let bytes = book.write().map_err(|error: FileError| io::Error::other(error))?;
        fs::write(path.join("addressbook.bin"), bytes)?;
        Ok(Folder(path.to_owned()))
    }

    /// Puts a node's file there, and after it its signature. Readers never see a part of a file under its name.
    fn put(&self, node: EntityId, file: &StreamFile, signature: &[u8]) -> io::Result<()> {
        let folder = self.0.join(file.folder(node));
        fs::create_dir_all(&folder)?;
        for (name, bytes) in [(&file.name, &*file.bytes), (&file.signature_name(), signature)] {
            let part = folder.join(format!(".{name}.part"));
            fs::write(&part, bytes)?;
            fs::rename(&part, folder.join(name))?;
        }
        Ok(())
    }
}

/// Publishes what nodes write.
pub(super) struct Publisher {
    pub(super) nodes: Vec<EntityId>,
    pub(super) folder: Option<Folder>,
    importer: Importer,
    mirror: Rc<RefCell<Mirror>>,
}

impl Publisher {
    pub(super) fn new(
        nodes: Vec<EntityId>,
        book: AddressBook,
        folder: Option<Folder>,
        mirror: Rc<RefCell<Mirror>>,
    ) -> Self {
        Publisher { nodes, folder, importer: Importer::new(0, Trust::SignedBy(book)), mirror }
    }

    /// Publishes files as they come, until there will be none any more.
    pub(super) async fn run(mut self, mut files: UnboundedReceiver<(u16, StreamFile)>) {
        while let Some((member, file)) = files.recv().await {
            let Some(node) = self.nodes.get(usize::from(member)).copied() else { continue };
            let (folder, signed) = (self.folder.clone(), file.clone());
            // A signature takes milliseconds: too long for the thread on which everybody is served.
            let work = spawn_blocking(move || {
                let signature = keys::of(member).map(|key| signed.sign(key)).unwrap_or_default();
                let put = folder.map_or(Ok(()), |folder| folder.put(node, &signed, &signature));
                (signature, put)
            });
            let Ok((signature, put)) = work.await else { continue };
            if let Err(error) = put {
                eprintln!("{}: cannot be written: {error}", file.name);
            }
            self.import(node, &file, signature);
        }
    }

    fn import(&mut self, node: EntityId, file: &StreamFile, signature: Vec<u8>) {
        if self.importer.is_imported(&file.name) {
            return;
        }
        self.importer.offer(node, &file.signature_name(), signature);
        self.importer.offer(node, &file.name, file.bytes.to_vec());
        for event in self.importer.advance(&mut self.mirror.borrow_mut().store) {
            match event {
                Event::Imported { .. } => tracing::info!("{event}"),
                // That signatures come one after the other is as it should be.
                Event::Held { .. } => tracing::debug!("{event}"),
            }
        }
    }
}
