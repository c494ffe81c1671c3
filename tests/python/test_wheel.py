"""The wheel, as tests/tools/try_wheel.sh installs it in a fresh virtual environment."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pickscan

EVIL = b"cos\nsystem\n(S'id'\ntR."
GOOD = b"\x80\x02]q\x00."


class Wheel(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        (self.folder / "evil.pkl").write_bytes(EVIL)
        (self.folder / "good.pkl").write_bytes(GOOD)

    def test_a_good_file_is_ok(self):
        report = pickscan.scan(self.folder / "good.pkl")
        self.assertTrue(report.raise_for_findings().ok)
        self.assertEqual([file.verdict for file in report.files], ["clean"])

    def test_a_bad_file_is_not_and_says_why(self):
        report = pickscan.scan([self.folder])
        self.assertFalse(report.ok)
        self.assertEqual({file.verdict for file in report.files}, {"clean", "dangerous"})
        finding = report.findings[0]
        self.assertEqual((finding.severity, finding.offset), ("critical", 0))
        self.assertIn("os.system", report.files[0].imports)
        with self.assertRaisesRegex(pickscan.UnsafeFileError, "is dangerous: would run a command: "):
            report.raise_for_findings()

    def test_what_is_missing_is_incomplete(self):
        report = pickscan.scan(self.folder / "gone")
        self.assertEqual((report.exit_code, report.files[0].verdict), (2, "incomplete"))
        with self.assertRaisesRegex(pickscan.UnsafeFileError, "does not exist"):
            report.raise_for_findings()

    def test_a_wrong_argument_is_an_error(self):
        with self.assertRaisesRegex(pickscan.PickscanError, "sometimes"):
            pickscan.scan(self.folder, fail_on="sometimes")
        with self.assertRaises(ValueError):
            pickscan.scan([])

    def test_the_configuration_counts_only_when_asked(self):
        # A configuration counts only inside a repository.
        (self.folder / ".git").mkdir()
        (self.folder / "pickscan.toml").write_text("exclude = ['evil*']")
        before = os.getcwd()
        os.chdir(self.folder)
        try:
            self.assertFalse(pickscan.scan(".").ok)
            self.assertTrue(pickscan.scan(".", isolated=False).ok)
        finally:
            os.chdir(before)

    def test_it_runs_as_a_module_and_as_a_command(self):
        module = [sys.executable, "-m", "pickscan"]
        for command in (module, [pickscan.find_binary()]):
            ran = subprocess.run([*command, self.folder], capture_output=True, text=True)
            self.assertEqual(ran.returncode, 1)
            self.assertIn("1 dangerous, 1 clean", ran.stdout)


if __name__ == "__main__":
    unittest.main()
