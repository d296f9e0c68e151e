"""Runs one process and says what it took."""

import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time

LONGEST = 600  # seconds


class Failure(Exception):
    pass


def memory_of(pid):
    """Bytes by the names of /proc/PID/status, {} when the process has ended."""
    try:
        with open(f"/proc/{pid}/status") as file:
            fields = [line.split() for line in file]
        return {field[0][:-1]: int(field[1]) * 1024 for field in fields if field[0] in ("VmRSS:", "RssFile:", "VmHWM:")}
    except (OSError, IndexError, ValueError):
        return {}


class MemoryWatch(threading.Thread):
    """Reads a process's resident memory every 20 ms."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.samples, self.ended = pid, [], threading.Event()

    def run(self):
        while not self.ended.wait(0.02):
            if found := memory_of(self.pid):
                self.samples.append(found)

    def summary(self):
        """The peak, and the median over the second half of the process's life, when it decodes."""
        self.ended.set()
        self.join()
        samples = [sample for sample in self.samples if sample.get("VmRSS")]
        if not samples:
            raise Failure("the process ended before its memory could be read")
        late = samples[len(samples) // 2 :]
        return {
            "resident_mb": statistics.median(sample["VmRSS"] for sample in late) / 1e6,
            "resident_file_mb": statistics.median(sample["RssFile"] for sample in late) / 1e6,
            "peak_mb": max(sample["VmHWM"] for sample in samples) / 1e6,
        }


def run(command, threads, watched=False):
    """Standard output, wall seconds and, if watched, the memory of one process."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=environment)
        watch = MemoryWatch(process.pid)
        if watched:
            watch.start()
        # Popen.wait looks only every 50 ms when it is given a time limit, which is half of what a first token takes.
        limit = threading.Timer(LONGEST, process.kill)
        limit.daemon = True
        limit.start()
        process.wait()
        wall = time.perf_counter() - start
        limit.cancel()
        if process.returncode == -signal.SIGKILL and wall >= LONGEST:
            raise Failure(f"{' '.join(command)[:200]}: not ready after {LONGEST} s")
        out.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            said = errors.read().decode(errors="replace")[-1000:]
            raise Failure(f"{' '.join(command)[:200]}: status {process.returncode}\n{said}")
        return out.read().decode(errors="replace"), wall, watch.summary() if watched else None
