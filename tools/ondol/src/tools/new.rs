//! `ondol tools new`: a first file that describes tools.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;

use crate::{folders::tools_file, keys::new_secret, output::say};

/// Where to write it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The file; one that is there is left as it is
    #[arg(default_value_os_t = tools_file())]
    file: PathBuf,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let file = &arguments.file;
    let written = write_if_missing(file).with_context(|| format!("writing {}", file.display()))?;
    say!("{}  {}", file.display(), if written { "written" } else { "was there already" });
    Ok(())
}

/// Writes a file with one bucket, a folder beside it, and the example's shop; whether it did.
pub(crate) fn write_if_missing(path: &Path) -> io::Result<bool> {
    let home = std::path::absolute(path)?.parent().map(Path::to_path_buf).unwrap_or_default();
    fs::create_dir_all(&home)?;
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        opened => opened?,
    };
    write_master(&home)?;
    let files = home.join("files");
    fs::create_dir_all(&files)?;
    let url = format!("file://{}", files.display());
    write!(
        file,
        "# What tools there are. Changes are taken at once; `ondol tools check` says what is wrong with them, and\n\
         # docs/tools.md what can be written here.\n\n\
         [s3.buckets.files]\nurl = {url:?}\ndescription = \"Files of this machine that tools may read and write.\"\n\
         read = [\"\"]\nwrite = \"\"\n\n{WEBHOOKS}\n{}",
        shop::TOOLS
    )?;
    Ok(true)
}

/// Webhooks to receivers on this machine, and to no other.
const WEBHOOKS: &str = "[secrets]\nfolder = \"secrets\"\n\n# Where ends of jobs may be told: to receivers on this machine. \
    `ondol webhooks secret` prints what they verify with.\n[webhooks]\nsecrets = [\"webhooks\"]\n\
    hosts = [\"127.0.0.1:*\", \"localhost:*\"]\nprivate = [\"127.0.0.0/8\", \"::1/128\"]\nplain_http = true\n";

/// Makes what webhooks are signed with, where there is nothing yet.
fn write_master(home: &Path) -> io::Result<()> {
    let folder = home.join("secrets");
    fs::create_dir_all(&folder)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.open(folder.join("webhooks")) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        opened => opened?,
    };
    let secret = new_secret().map_err(io::Error::other)?;
    file.write_all(secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::write_if_missing;

    #[test]
    fn what_is_written_can_be_used_and_is_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/tools.toml");
        assert!(write_if_missing(&file).unwrap());
        mcp::Config::read(&file).unwrap();
        fs::write(&file, "# mine").unwrap();
        assert!(!write_if_missing(&file).unwrap());
        assert_eq!(fs::read_to_string(&file).unwrap(), "# mine");
    }
}
