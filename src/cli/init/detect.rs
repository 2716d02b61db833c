//! What can be seen in a folder: a document of its API, or the framework that makes one.

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of a file that is searched for hints.
const FILE_LIMIT: u64 = 256 * 1024;
/// Files of one folder that are searched for hints.
const FILES: usize = 100;

/// Where documents of an API usually lie.
const FOLDERS: [&str; 5] = ["", "docs", "api", "spec", "openapi"];
/// How they are usually called.
const NAMES: [&str; 6] = ["openapi.yaml", "openapi.yml", "openapi.json", "swagger.yaml", "swagger.yml", "swagger.json"];

/// A framework that serves a document of its API.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Framework {
    /// Its name.
    pub(super) name: &'static str,
    /// Files in which it is named.
    files: &'static [&'static str],
    /// How it is named there.
    mark: &'static str,
    /// Where it serves its document, on the port that it takes by itself.
    pub(super) document: &'static str,
}

const FRAMEWORKS: [Framework; 5] = [
    Framework {
        name: "FastAPI",
        files: &["requirements.txt", "pyproject.toml", ".py"],
        mark: "fastapi",
        document: "http://127.0.0.1:8000/openapi.json",
    },
    Framework {
        name: "drf-spectacular",
        files: &["requirements.txt", "pyproject.toml"],
        mark: "drf-spectacular",
        document: "http://127.0.0.1:8000/api/schema/",
    },
    Framework {
        name: "NestJS",
        files: &["package.json"],
        mark: "@nestjs/swagger",
        document: "http://127.0.0.1:3000/api-json",
    },
    Framework {
        name: "springdoc",
        files: &["pom.xml", "build.gradle", "build.gradle.kts"],
        mark: "springdoc-openapi",
        document: "http://127.0.0.1:8080/v3/api-docs",
    },
    Framework {
        name: "ASP.NET Core",
        files: &[".csproj"],
        mark: "swashbuckle.aspnetcore",
        document: "http://127.0.0.1:5000/swagger/v1/swagger.json",
    },
];

/// The first document of an API in a folder.
pub(super) fn document(folder: &Path) -> Option<PathBuf> {
    let places = FOLDERS.iter().flat_map(|below| NAMES.iter().map(move |name| Path::new(below).join(name)));
    places.map(|place| folder.join(place)).find(|path| path.is_file()).map(|path| match path.strip_prefix("./") {
        Ok(short) => short.to_owned(),
        Err(_) => path,
    })
}

/// The first framework that the files of a folder name.
pub(super) fn framework(folder: &Path) -> Option<&'static Framework> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.truncate(FILES);
    FRAMEWORKS.iter().find(|framework| files.iter().any(|file| framework.is_named_in(file)))
}

impl Framework {
    fn is_named_in(&self, file: &Path) -> bool {
        let name = file.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        // ".py" is the end of a name
        let fits = |wanted: &str| name == wanted || (wanted.starts_with('.') && name.ends_with(wanted));
        self.files.iter().any(|wanted| fits(wanted))
            && crate::file::text(file, FILE_LIMIT).is_ok_and(|text| text.to_lowercase().contains(self.mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_frameworks_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!((document(folder.path()), framework(folder.path())), (None, None));
        fs::write(folder.path().join("main.py"), "from fastapi import FastAPI\n").expect("writes");
        assert_eq!(framework(folder.path()).map(|found| found.name), Some("FastAPI"));
        fs::create_dir(folder.path().join("docs")).expect("makes");
        let file = folder.path().join("docs/swagger.json");
        fs::write(&file, "{}").expect("writes");
        assert_eq!(document(folder.path()), Some(file));
    }
}
