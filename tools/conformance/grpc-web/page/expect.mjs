// What is wrong is said in words: they are all that the program that opened the browser gets to see.

export function ok(well, what) {
  if (!well) throw new Error(what);
}

export function same(got, wanted, what) {
  ok(Object.is(got, wanted), `${what} is ${JSON.stringify(got)}, and not ${JSON.stringify(wanted)}`);
}

// The error of a call that has to fail.
export async function failure(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("it was answered");
}

// Waits until `holds`, and gives the milliseconds that it took.
export async function until(holds, what) {
  const begun = performance.now();
  while (!(await holds())) {
    ok(performance.now() - begun < 10_000, `after 10 s still not: ${what}`);
    await new Promise((then) => setTimeout(then, 20));
  }
  return Math.round(performance.now() - begun);
}

// Whether tokens came one after the other: all in one piece, at least half of them would have come with another.
export function apart(arrivals) {
  const gaps = arrivals.slice(1).map((at, index) => at - arrivals[index]);
  const alone = gaps.filter((gap) => gap >= 1).length;
  ok(alone * 2 >= gaps.length, `of ${arrivals.length} tokens only ${alone + 1} came apart from the one before`);
  const median = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
  return `${arrivals.length} tokens, ${median.toFixed(1)} ms apart (median)`;
}
