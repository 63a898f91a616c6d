//! Runs the laws on random worlds, without end or as long as it is told to.
//!
//! Case number n of a run with seed S is the one that a run with seed S + n begins with: so every case can be run alone.

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use gwapi_worlds::{Case, Coverage, Group, law_2_totality, law_3_order, law_4, law_5_table};

/// A law, the worlds that it is tried in, and what tries it.
struct Law {
    name: &'static str,
    make: fn(u64) -> Case,
    check: fn(&Case, &mut Coverage),
}

const LAWS: [Law; 4] = [
    Law { name: "5  table == reference", make: Case::still, check: law_5_table },
    Law { name: "4  incremental == full", make: Case::changing, check: law_4 },
    Law { name: "3  order is not seen", make: Case::still, check: |case, _| law_3_order(case) },
    Law { name: "2  total on hostile input", make: Case::hostile, check: law_2_totality },
];

/// So many cases must have met everything that they are for.
const ENOUGH: u64 = 10_000;
/// How long to look for a smaller case that fails.
const PATIENCE: Duration = Duration::from_secs(60);

const USAGE: &str = "usage: soak [--minutes N] [--seed S] [--cases N] [--law N] [--threads N]

  --minutes N  how long; without end if neither is given
  --cases N    how many cases of each law
  --seed S     of the first case; the seed of a failure with --cases 1 runs it alone
  --law N      only the law of that number
  --threads N  on how many cores; on all of them if it is not given";

struct Options {
    seed: u64,
    cases: u64,
    end: Option<Instant>,
    law: Option<String>,
    threads: usize,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("soak: {why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A failure is told once it is minimized, and not for each of the cases that were tried on the way.
    panic::set_hook(Box::new(|info| MESSAGE.with_borrow_mut(|message| *message = info.to_string())));
    let run = Run::new(options);
    eprintln!("soak: seed {}", run.options.seed);
    let coverage = run.go();
    run.conclude(&coverage)
}

fn options(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_micros() as u64);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut options = Options { seed: now << 20, cases: u64::MAX, end: None, law: None, threads };
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("`{name}` needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("`{value}` is no number"));
        match name.as_str() {
            "--minutes" => options.end = Some(Instant::now() + Duration::from_secs(60 * number()?)),
            "--cases" => options.cases = number()?,
            "--seed" => options.seed = number()?,
            "--threads" => options.threads = usize::try_from(number()?).unwrap_or(1).max(1),
            "--law" if LAWS.iter().any(|law| law.name.starts_with(&value)) => options.law = Some(value),
            _ => return Err(format!("what is `{name} {value}`?")),
        }
    }
    Ok(options)
}

thread_local! {
    /// What the last panic of the thread said.
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Whether a law holds in a case, and if not what the panic said.
fn holds(law: &Law, case: &Case, coverage: &mut Coverage) -> Result<(), String> {
    panic::catch_unwind(AssertUnwindSafe(|| (law.check)(case, coverage))).map_err(|_| MESSAGE.with_borrow(String::clone))
}

struct Run {
    options: Options,
    begun: Instant,
    next: AtomicU64,
    done: [AtomicU64; LAWS.len()],
    /// Nanoseconds of work.
    spent: [AtomicU64; LAWS.len()],
    stopped: AtomicBool,
    failure: Mutex<Option<String>>,
}

impl Run {
    fn new(options: Options) -> Self {
        Self {
            options,
            begun: Instant::now(),
            next: AtomicU64::new(0),
            done: Default::default(),
            spent: Default::default(),
            stopped: AtomicBool::new(false),
            failure: Mutex::new(None),
        }
    }

    /// Works on all cores, and tells now and then how far it is.
    fn go(&self) -> Coverage {
        let mut coverage = Coverage::default();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.options.threads).map(|_| scope.spawn(|| self.work())).collect();
            let mut told = Instant::now();
            while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
                thread::sleep(Duration::from_millis(50));
                if told.elapsed() >= Duration::from_secs(15) {
                    told = Instant::now();
                    self.tell();
                }
            }
            for worker in workers {
                coverage.add(worker.join().unwrap_or_default());
            }
        });
        coverage
    }

    fn work(&self) -> Coverage {
        let mut coverage = Coverage::default();
        while !self.is_over() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.options.cases {
                break;
            }
            self.one(self.options.seed.wrapping_add(number), &mut coverage);
        }
        coverage
    }

    fn is_over(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || self.options.end.is_some_and(|end| Instant::now() >= end)
    }

    /// Tries every law in the case of a seed.
    fn one(&self, seed: u64, coverage: &mut Coverage) {
        for (index, law) in LAWS.iter().enumerate() {
            if self.options.law.as_ref().is_some_and(|only| !law.name.starts_with(only)) {
                continue;
            }
            let begun = Instant::now();
            let case = (law.make)(seed);
            if let Err(message) = holds(law, &case, coverage) {
                if !self.stopped.swap(true, Ordering::Relaxed) {
                    let report = report(law, case, &message);
                    *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
                }
                return;
            }
            self.done[index].fetch_add(1, Ordering::Relaxed);
            self.spent[index].fetch_add(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        }
    }

    fn tell(&self) {
        let counts: Vec<String> = LAWS
            .iter()
            .zip(&self.done)
            .map(|(law, done)| format!("law {} {}", law.name.split(' ').next().unwrap_or_default(), done.load(Ordering::Relaxed)))
            .collect();
        eprintln!("soak: {:>5} s: {}", self.begun.elapsed().as_secs(), counts.join(", "));
    }

    fn conclude(&self, coverage: &Coverage) -> ExitCode {
        if let Some(report) = &*self.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            eprintln!("{report}");
            return ExitCode::FAILURE;
        }
        println!("seed {}, {:.1} s\n", self.options.seed, self.begun.elapsed().as_secs_f32());
        println!("  {:<30} {:>12} {:>16}", "law", "cases", "cases/s a core");
        for ((law, done), spent) in LAWS.iter().zip(&self.done).zip(&self.spent) {
            let (done, spent) = (done.load(Ordering::Relaxed), spent.load(Ordering::Relaxed));
            println!("  {:<30} {done:>12} {:>16.0}", law.name, done as f64 / (spent.max(1) as f64 / 1e9));
        }
        println!("\n{coverage}");
        self.judge(coverage)
    }

    /// A run that was long enough and did not meet what it is for proves less than it says.
    fn judge(&self, coverage: &Coverage) -> ExitCode {
        let is_enough = self.done.iter().all(|done| done.load(Ordering::Relaxed) >= ENOUGH);
        let missing: Vec<_> = Group::ALL.into_iter().flat_map(|group| coverage.missing(group)).collect();
        if !missing.is_empty() {
            println!("never seen: {missing:?}");
        }
        if is_enough && !missing.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

/// Tells of a failure, with the smallest case that fails.
fn report(law: &Law, case: Case, message: &str) -> String {
    let seed = case.seed;
    let begun = Instant::now();
    let fails = |case: &Case| begun.elapsed() < PATIENCE && holds(law, case, &mut Coverage::default()).is_err();
    eprintln!("soak: law {} fails with seed {seed}; looking for a smaller case", law.name);
    let smallest = case.minimized(fails);
    let last = holds(law, &smallest, &mut Coverage::default()).err().unwrap_or_else(|| message.to_owned());
    format!(
        "law {} does not hold\nalone: cargo xtask soak --seed {seed} --cases 1\n\nsmallest {smallest:?}\n{}",
        law.name,
        shortened(&last)
    )
}

/// Resolutions are long, and a failure is told by its beginning.
fn shortened(text: &str) -> String {
    text.lines().map(|line| line.chars().take(2000).collect::<String>() + "\n").collect()
}
