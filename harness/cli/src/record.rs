//! `tanglegram record`: live traffic made into a vector.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use tanglegram_runner::Library;
use tanglegram_runner::record::Session;
use tanglegram_runner::report;
use tanglegram_target::{Endpoint, Limits, RecordingProxy};
use tanglegram_vector::SpecFile;

use crate::exit::{self, Exit};
use crate::reach::ReachArgs;

/// How often what passed is written.
const EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, Args)]
#[command(after_help = exit::examples(&[
    ("tanglegram record --upstream http://localhost:14265 --out seen/wallet.yaml --listen 127.0.0.1:14266",
     "let the client talk to port 14266; Ctrl-C ends the recording"),
    ("tanglegram check http://localhost:14265 --vectors seen", "replay it"),
]))]
pub(crate) struct RecordArgs {
    /// The node that is asked, such as http://localhost:14265
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// The vector file to write; it must not exist yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to listen for the client; port 0: any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The vector's name
    #[arg(long, value_name = "NAME", default_value = "recorded", value_parser = name)]
    name: String,
    #[command(flatten)]
    reach: ReachArgs,
}

fn name(text: &str) -> Result<String, String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() || !text.chars().all(good) {
        return Err("a name has small letters, digits and `-`".into());
    }
    Ok(text.to_owned())
}

/// Records until Ctrl-C.
pub(crate) fn record(args: &RecordArgs) -> Exit {
    let endpoint = match args.reach.endpoint(&args.upstream) {
        Ok(endpoint) => endpoint,
        Err(error) => return Exit::Usage.because(error),
    };
    if args.out.extension().is_none_or(|ending| ending != "yaml") {
        return Exit::Usage.because(format_args!("--out {} does not end in .yaml", args.out.display()));
    }
    if args.out.exists() {
        return Exit::Usage.because(format_args!("--out {} exists already", args.out.display()));
    }
    let library = match Library::load(None, None) {
        Ok(library) => library,
        Err(found) => return crate::problems::print(&found),
    };
    match run(args, endpoint, &library.specs) {
        Ok((0, _)) => Exit::Nothing.because("nothing passed, so nothing was written"),
        Ok((kept, left_out)) => {
            // Nobody may be reading any more.
            let _ = writeln!(io::stdout(), "{}", args.out.display());
            eprintln!("{kept} exchanges are in it, {left_out} were left out");
            Exit::Expected
        }
        Err(error) => Exit::Unusable.because(error),
    }
}

fn run(args: &RecordArgs, upstream: Endpoint, specs: &[SpecFile]) -> io::Result<(usize, usize)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = crate::serve::stop_signal()?;
        let shown = upstream.to_string();
        let proxy = RecordingProxy::bind(args.listen, upstream, Limits::default()).await?;
        // Nobody may be reading.
        let _ = writeln!(io::stdout(), "listening record http://{} for {shown}", proxy.address()?);
        let session = Arc::new(Mutex::new(Session::default()));
        let seen = Arc::clone(&session);
        let recording = proxy.serve(move |exchange| lock(&seen).add(&exchange));
        tokio::select! {
            biased;
            () = stop => {}
            () = recording => {}
            written = keep_writing(args, &session, specs) => written?,
        }
        write(args, &lock(&session), specs)?;
        Ok(lock(&session).counts())
    })
}

fn lock(session: &Mutex<Session>) -> std::sync::MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what passed whenever there is more; ends only when that fails.
async fn keep_writing(args: &RecordArgs, session: &Mutex<Session>, specs: &[SpecFile]) -> io::Result<()> {
    let mut written = 0;
    loop {
        tokio::time::sleep(EVERY).await;
        let (kept, _) = lock(session).counts();
        if kept > written {
            write(args, &lock(session), specs)?;
            written = kept;
        }
    }
}

/// The whole file or the one before: never half of one.
fn write(args: &RecordArgs, session: &Session, specs: &[SpecFile]) -> io::Result<()> {
    let Some(text) = session.vector_file(&args.name, specs) else { return Ok(()) };
    let named = |error: io::Error| {
        io::Error::new(error.kind(), format!("cannot write {}: {error}", args.out.display()))
    };
    if let Some(folder) = args.out.parent().filter(|folder| *folder != Path::new("")) {
        fs::create_dir_all(folder).map_err(named)?;
    }
    report::write_whole(&args.out, text.as_bytes()).map_err(named)
}
