import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { ApiError } from './api-error.js';
import { readBody } from './request-body.js';

/** A request whose body the test pushes; `complete` is what the parser of Node sets at its end. */
function incoming(): IncomingMessage {
  return new IncomingMessage(new Socket());
}

function finish(request: IncomingMessage): void {
  request.complete = true;
  request.push(null);
}

describe('readBody', () => {
  it('reads all bytes, in one piece or many', async () => {
    for (const pieces of [['{}'], ['{', '', '}'], [...'{"a":1}']]) {
      const request = incoming();
      const body = readBody(request, 100);
      for (const piece of pieces) request.push(Buffer.from(piece));
      finish(request);
      expect((await body)?.toString()).toBe(pieces.join(''));
    }
  });

  it('reads no body as no bytes', async () => {
    const request = incoming();
    finish(request);
    expect(await readBody(request, 0)).toEqual(Buffer.alloc(0));
  });

  it('gives undefined for one byte too many, as soon as that is clear', async () => {
    const [exact, more] = [incoming(), incoming()];
    const bodies = [readBody(exact, 4), readBody(more, 4)];
    exact.push(Buffer.from('1234'));
    finish(exact);
    more.push(Buffer.from('123'));
    more.push(Buffer.from('45'));
    expect((await bodies[0])?.length).toBe(4);
    expect(await bodies[1]).toBeUndefined();
  });

  it('refuses a body that breaks off', async () => {
    const request = incoming();
    const body = readBody(request, 100);
    request.push(Buffer.from('{'));
    request.destroy();
    await expect(body).rejects.toThrow(ApiError);
    await expect(body).rejects.toThrow('ended before its body was complete');
  });
});
