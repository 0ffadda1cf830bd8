//! Compiles the contract with protox, a compiler in Rust, so that nobody needs to install protoc.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

#[expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts through the environment")]
fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files([
        // What errors carry: whoever asks reflection can read it.
        "google/rpc/error_details.proto",
        "google/rpc/status.proto",
        "ondol/admin/v1/api_key_service.proto",
        "ondol/artifacts/v1/artifact_service.proto",
        "ondol/inference/v1/inference_service.proto",
        "ondol/jobs/v1/job_service.proto",
        "ondol/tools/v1/tool_service.proto",
        "ondol/tools/v1/webhook_service.proto",
    ])?;
    // Encoded from the compiler, not from its descriptor types: those would drop options that they do not know.
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;

    let descriptors = prost_types_set(&compiler)?;
    tonic_prost_build::configure().build_transport(false).compile_fds(descriptors)?;
    Ok(())
}

fn prost_types_set(
    compiler: &protox::Compiler,
) -> Result<prost_types::FileDescriptorSet, prost::DecodeError> {
    prost_types::FileDescriptorSet::decode(compiler.encode_file_descriptor_set().as_slice())
}
