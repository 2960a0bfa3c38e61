//! A SQLite file system that passes everything on and writes down each change.

#![expect(
    unsafe_code,
    reason = "a file system of SQLite is a table of C functions"
)]

use rusqlite::ffi::{
    SQLITE_OK, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find,
    sqlite3_vfs_register,
};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) const NAME: &str = "recording";
const NAME_C: &CStr = c"recording";

/// One change of a file, in the order SQLite made them.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Write { offset: usize, data: Vec<u8> },
    Truncate { size: usize },
    Sync,
    Delete,
}

/// What happened: to which file (its name without the folder), or that the test said so.
#[derive(Clone, Debug)]
pub(crate) enum Event<Mark> {
    File(String, Change),
    Mark(Mark),
}

static CHANGES: Mutex<Vec<(String, Change)>> = Mutex::new(Vec::new());

fn changes() -> MutexGuard<'static, Vec<(String, Change)>> {
    CHANGES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes what was written down since the last call.
pub(crate) fn take<Mark>() -> Vec<Event<Mark>> {
    changes()
        .drain(..)
        .map(|(name, change)| Event::File(name, change))
        .collect()
}

#[repr(C)]
struct RecordingFile {
    base: sqlite3_file,
    name: *mut String,
}

/// The real file follows ours in the memory SQLite gives us.
unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    unsafe { file.cast::<RecordingFile>().add(1).cast() }
}

unsafe fn real_methods(file: *mut sqlite3_file) -> &'static sqlite3_io_methods {
    unsafe { &*(*real(file)).pMethods }
}

fn record(file: *mut sqlite3_file, change: Change) {
    let name = unsafe { &*(*file.cast::<RecordingFile>()).name };
    if name.ends_with("-shm") || name.is_empty() {
        return;
    }
    changes().push((name.clone(), change));
}

fn real_vfs() -> *mut sqlite3_vfs {
    // The first one registered that is not ours: ours is never the default.
    unsafe { sqlite3_vfs_find(std::ptr::null()) }
}

/// Makes the file system known under [`NAME`]. Once per process.
pub(crate) fn register() {
    unsafe {
        let mut vfs = *real_vfs();
        vfs.zName = NAME_C.as_ptr();
        vfs.pNext = std::ptr::null_mut();
        vfs.szOsFile += c_int::try_from(size_of::<RecordingFile>()).unwrap();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        let vfs = Box::leak(Box::new(vfs));
        assert_eq!(sqlite3_vfs_register(vfs, 0), SQLITE_OK);
    }
}

unsafe fn file_name(path: *const c_char) -> String {
    if path.is_null() {
        return String::new();
    }
    let path = unsafe { CStr::from_ptr(path) }.to_string_lossy();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

unsafe extern "C" fn open(
    _vfs: *mut sqlite3_vfs,
    path: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    unsafe {
        (*file).pMethods = std::ptr::null();
        let vfs = real_vfs();
        let result = (*vfs).xOpen.unwrap()(vfs, path, real(file), flags, out_flags);
        if result == SQLITE_OK {
            (*file.cast::<RecordingFile>()).name = Box::into_raw(Box::new(file_name(path)));
            (*file).pMethods = &raw const METHODS;
        }
        result
    }
}

unsafe extern "C" fn delete(_vfs: *mut sqlite3_vfs, path: *const c_char, sync: c_int) -> c_int {
    unsafe {
        let vfs = real_vfs();
        let result = (*vfs).xDelete.unwrap()(vfs, path, sync);
        if result == SQLITE_OK {
            changes().push((file_name(path), Change::Delete));
        }
        result
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    unsafe {
        let result = real_methods(file).xClose.unwrap()(real(file));
        drop(Box::from_raw((*file.cast::<RecordingFile>()).name));
        result
    }
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    buffer: *mut c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    unsafe { real_methods(file).xRead.unwrap()(real(file), buffer, amount, offset) }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    buffer: *const c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    unsafe {
        let length = usize::try_from(amount).unwrap();
        let data = std::slice::from_raw_parts(buffer.cast::<u8>(), length).to_vec();
        record(
            file,
            Change::Write {
                offset: usize::try_from(offset).unwrap(),
                data,
            },
        );
        real_methods(file).xWrite.unwrap()(real(file), buffer, amount, offset)
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    record(
        file,
        Change::Truncate {
            size: usize::try_from(size).unwrap(),
        },
    );
    unsafe { real_methods(file).xTruncate.unwrap()(real(file), size) }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    record(file, Change::Sync);
    unsafe { real_methods(file).xSync.unwrap()(real(file), flags) }
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    unsafe { real_methods(file).xFileSize.unwrap()(real(file), size) }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    unsafe { real_methods(file).xLock.unwrap()(real(file), level) }
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    unsafe { real_methods(file).xUnlock.unwrap()(real(file), level) }
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    unsafe { real_methods(file).xCheckReservedLock.unwrap()(real(file), out) }
}

unsafe extern "C" fn file_control(
    file: *mut sqlite3_file,
    operation: c_int,
    argument: *mut c_void,
) -> c_int {
    unsafe { real_methods(file).xFileControl.unwrap()(real(file), operation, argument) }
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    unsafe { real_methods(file).xSectorSize.unwrap()(real(file)) }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    unsafe { real_methods(file).xDeviceCharacteristics.unwrap()(real(file)) }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    page_size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    unsafe { real_methods(file).xShmMap.unwrap()(real(file), page, page_size, extend, out) }
}

unsafe extern "C" fn shm_lock(
    file: *mut sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    unsafe { real_methods(file).xShmLock.unwrap()(real(file), offset, count, flags) }
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    unsafe { real_methods(file).xShmBarrier.unwrap()(real(file)) }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    unsafe { real_methods(file).xShmUnmap.unwrap()(real(file), delete) }
}
