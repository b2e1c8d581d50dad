import { describe, expect, it } from "vitest";
import { compileTemplate } from "./compile.js";
import { TemplateInterpreter } from "./interpreter.js";
import { strftime } from "./strftime.js";
import { templateGlobals } from "./variables.js";

const render = (source: string, variables: Record<string, unknown> = {}): string =>
  new TemplateInterpreter().render(compileTemplate(source), {
    ...templateGlobals("2026-01-05"),
    ...variables,
  });

/** Expected values are what Jinja 3.1.6 under Python 3.11 writes. */
describe("templates, as Python runs them", () => {
  const x = {
    t: true,
    n: null,
    f: 21.5,
    i: 3,
    l: [true, null, 1.5, "a'b", 'a"b', "\n\té"],
    s: " hELLO wORLD ",
  };
  it.each([
    [
      "{{ x.t }} {{ x.n }} {{ x.f }} {{ x.i }} {{ 1.0 }} {{ 10 / 4 }} {{ 6 / 2 }}",
      "True None 21.5 3 1.0 2.5 3.0",
    ],
    ["{{ x.l }}", "[True, None, 1.5, \"a'b\", 'a\"b', '\\n\\té']"],
    ["{{ {'a': none, 'b': [false]} }}", "{'a': None, 'b': [False]}"],
    ["{{ x.t ~ '' }}{{ x.n ~ 'a' }}{{ x.u ~ 'b' }}", "TrueNoneab"],
    [
      "{{ x.t | string }} {{ x.l[:3] | string }} {{ x.l[:4] | join('-') }}",
      "True [True, None, 1.5] True-None-1.5-a'b",
    ],
    [
      "{{ x.s | title }}|{{ x.s | trim | capitalize }}|{{ 'aBC'.capitalize() }}",
      " Hello World |Hello world|Abc",
    ],
    ["{{ -7 % 3 }} {{ 7 % -3 }} {{ 7 % 3 }} {{ -7 // 2 }}", "2 -2 1 -4"],
    [
      "{{ 1 == 1.0 }} {{ '1' == 1 }} {{ true == 1 }} {{ none == false }} {{ '' == none }}",
      "True False True False False",
    ],
    [
      "{{ [1, 'a'] == [1, 'a'] }} {{ {'a': 1} == {'a': 1} }} {{ {'a': 1} != {'a': 2} }} {{ [1] != [2] }}",
      "True True True True",
    ],
    ["{{ 1 in [1.0] }} {{ '1' in [1] }} {{ [1] in [[1]] }} {{ 'q' not in x }}", "True False True True"],
    [
      "{% macro f(a) %}{% if a is string %}s{% else %}{{ a }}{% endif %}{% endmacro %}{{ f(none) }}{{ f(x.l[:2]) }}",
      "None[True, None]",
    ],
    ["{{ [1, 2] + [3] }} {{ 'a' + 'b' }} {{ 1 + 2.5 }}", "[1, 2, 3] ab 3.5"],
    ["{{ x.t if x.i > 2 else 'no' }} {{ none if true else 1 }}", "True None"],
    ["{{ strftime_now('%d %B %Y, %a %j') }}", "05 January 2026, Mon 005"],
    ["a\r\nb\r{% if true %}\r\nc{% endif %}", "a\nb\nc"],
    ["{% generation %}{{ x.i }}{% endgeneration %}", "3"],
  ])("%s", (source, expected) => {
    expect(render(source, { x })).toBe(expected);
  });

  it.each([
    ["{{ 'a' + x }}", /two strings, not string and object/],
    ["{{ 'a' + none }}", /two strings/],
    ["{{ 'a' + u }}", /two strings, not string and undefined/],
    ["{{ '%s' % 'a' }}", /formatting with %/],
    ["{{ 'ab'.title() }}", /\.title\(\) is not supported/],
    ["{{ strftime_now('%Q') }}", /"%Q"/],
  ])("%s is an error, not another text", (source, message) => {
    expect(() => render(source, { x: {} })).toThrow(message);
  });

  it.each([
    [
      "steps without end",
      "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}",
      /steps/,
    ],
    [
      "a text that doubles",
      "{% set n = namespace(s='xxxxxxxx') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
      /characters/,
    ],
    ["much white space", `a${" ".repeat(100_000)}{% generation %}`, /white-space/],
  ])("bounds %s", (_, source, message) => {
    const started = performance.now();
    expect(() => render(source)).toThrow(message);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("strftime", () => {
  it("writes what Python's strftime writes", () => {
    const format = "%Y %y %m %-m %B %b %d %-d %e %j %A %a %F %H:%M:%S %I %p %T %%";
    expect(strftime("2026-01-05", format)).toBe(
      "2026 26 01 1 January Jan 05 5  5 005 Monday Mon 2026-01-05 00:00:00 12 AM 00:00:00 %",
    );
    expect(strftime("2024-12-31", "%d %b %Y %j")).toBe("31 Dec 2024 366");
  });
});
