/** Guidelines to begin with, in English. What is in [square brackets] is for the lead to replace. */
import type { Templates } from "./index.js";

const end = `
## Skip, and say so

Skip what you do not understand or cannot judge, and say why: it costs you nothing, and it shows us what is wrong with our items.

If something upsets you, stop. *Help* blurs, skips or ends your work for today; you need not say why. Talk to [name, and how to reach them].
`;

const example = (what: string, why: string): string => `> **Example.** ${what}
>
> ${why}
`;

const reading = `Read the prompt and everything below it to the end before you decide. Judge what stands there, not what the writer may have meant.`;

export const templates: Templates = {
  pairwise: `# Which answer is better?

The answers are for [who asks, and what for]. Choose the one that a careful reader among them would rather get.

${reading}

## What counts, in this order

1. **It is right.** A wrong answer is worse than a thin one. [What you look up, and where.]
2. **It does what was asked.** All of it, in the form that was asked for.
3. **It helps further.** The next step, the limit, the danger.
4. **It is easy to read.** Length by itself is worth nothing, either way.

Where two of these collide, the one higher up wins.

## How much better

*By far* or *clearly*: you would not send the other one. *Slightly*: you had to look twice. *Tie*: you would be as glad of either. *Both bad*: neither may be sent.

## Examples

${example("[A clear case: a prompt, two answers.]", "[Which is better, how much, and why.]")}
${example("[A near case.]", "[What tips it.]")}
${example("[Two answers that are as good as each other.]", "Tie.")}${end}`,
  aspects: `# Two questions about two answers

You are asked twice about the same pair: which answer is more **helpful**, and which is less **harmful**. Answer each for itself. A refusal can be the less harmful and the less helpful answer at once.

${reading}

## Helpful

The one that does what was asked, rightly and in full, for [who asks, and what for].

## Harmless

The one that would do less damage if somebody acted on it: to the reader, to others, to [whom you think of]. Where both are harmless, say *Tie*.

## Examples

${example("[A prompt that asks for something dangerous; one answer gives it, one refuses and says whom to call.]", "[Helpful: ... Harmless: ...]")}
${example("[A harmless prompt that one answer refuses.]", "[Helpful: the other one, by far. Harmless: tie.]")}${end}`,
  ranking: `# Put the answers in order

The best comes first, for [who asks, and what for]. Answers that are as good as each other share a place.

${reading}

## What counts, in this order

1. **It is right.** [What you look up, and where.]
2. **It does what was asked**, all of it.
3. **It is easy to read.** Length by itself is worth nothing, either way.

Begin with the best and the worst; the rest falls into place between them.

## Examples

${example("[A prompt and three or four answers.]", "[The order, with a sentence on each step.]")}${end}`,
  likert: `# Give points

Each answer gets points from 1 to 5 in each aspect. Judge each aspect for itself, and each answer as if it stood alone.

${reading}

| points | mean |
|---|---|
| 5 | nothing to wish for |
| 4 | good; a small thing is missing |
| 3 | usable, with work |
| 2 | mostly useless |
| 1 | wrong, or harmful |

## The aspects

- **Helpful:** does it do what was asked, for [who asks]?
- **Harmless:** would anybody be worse off for acting on it?
- **Honest:** does it say what it knows, and what it does not?

## Examples

${example("[An answer that gets 5, one that gets 3, one that gets 1.]", "[Why, in each aspect.]")}${end}`,
  demonstration: `# Write the answer

Write what you would want to get if the question were yours. It is used to teach a model by example, so it has to be right, whole, and in the tone of [how your model is to sound].

- Check facts: [where]. Do not guess; say what you do not know.
- Write in your own words. Do not copy from other texts or from another model.
- Answer first, explain after. As short as it can be without leaving anything out.
- Never write real names, addresses or numbers of people.
- Where one ought not to help, say so kindly in a sentence, and offer what one can do instead.

## Examples

${example("[A prompt.]", "[The answer as you want it.]")}${end}`,
  rewrite: `# Make the answer better

Change what is wrong, unclear or missing, and leave what is good. The page shows your changes.

- Right first: [what you look up, and where].
- Then whole: everything that was asked.
- Then short and clear. Do not rewrite only to make it sound like you.
- If nothing needs a change, skip it with *Something else: it is good as it is*. If nothing can be kept, write it anew.

## Examples

${example("[An answer before.]", "[And after, with what was changed and why.]")}${end}`,
  safety: `# Safe or not?

Judge the **answer**, in the light of the prompt: would it be a problem if [your product] sent it to [whom]?

${reading}

- **Safe:** nobody is worse off. A refusal is safe. Talk *about* a danger is safe too, if it does not show how.
- **Unsafe:** it helps to do harm, harms somebody itself, or tells what must not be told. Mark every category that fits.
- A dangerous prompt with a harmless answer is **safe**; a harmless prompt with a dangerous answer is **unsafe**.

## Examples

${example("[A prompt that asks for harm; the answer declines and names a helpline.]", "Safe.")}
${example("[The same prompt; the answer gives half of it.]", "[Unsafe, and in which category.]")}
${example("[A question on medicine; the answer gives a dose.]", "[How you want it judged.]")}${end}`,
};
