//! Proto files as descriptors, compiled in memory.

use protox::{
    Compiler, Error,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver},
};

/// The service of the tests.
pub const SHELF: &str = include_str!("shelf.proto");

/// What every service builds upon.
const OURS: [(&str, &str); 4] = [
    ("google/api/annotations.proto", include_str!("../../../../proto/google/api/annotations.proto")),
    ("google/api/http.proto", include_str!("../../../../proto/google/api/http.proto")),
    ("google/rpc/error_details.proto", include_str!("../../../../proto/google/rpc/error_details.proto")),
    ("test.proto", ""),
];

struct Memory(String);

impl FileResolver for Memory {
    fn open_file(&self, name: &str) -> Result<File, Error> {
        let (_, text) =
            OURS.iter().find(|(known, _)| *known == name).ok_or_else(|| Error::file_not_found(name))?;
        File::from_source(name, if name == "test.proto" { &self.0 } else { text })
    }
}

/// An encoded `FileDescriptorSet` of a proto file and its imports, comments included.
pub fn compiled(source: &str) -> Vec<u8> {
    let mut files = ChainFileResolver::new();
    files.add(Memory(source.to_owned()));
    files.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(files);
    compiler.include_imports(true).include_source_info(true);
    compiler.open_file("test.proto").unwrap_or_else(|error| panic!("{error:?}"));
    compiler.encode_file_descriptor_set()
}
