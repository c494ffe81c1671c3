#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pickscan_fuzz::scan(data));
