import * as assert from 'uvu/assert';

/** Asserts that the elements of XML are nested, and that its text has no bare special characters. */
export function assertWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml.replace(
    /<(\/?)([\w-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, closes: string, name: string, __, isEmpty: string) => {
      if (closes) assert.is(open.pop(), name);
      else if (!isEmpty && name !== 'meta') open.push(name);
      return '';
    },
  );
  assert.equal(open, []);
  assert.not.match(rest, /<|&(?!(?:amp|lt|gt|quot|#39);)/);
}
