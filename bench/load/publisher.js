// @ts-check
import { createHash, createHmac } from 'node:crypto';
import net from 'node:net';

/**
 * @typedef {object} Application
 * @property {string} id
 * @property {string} key
 * @property {string} secret
 */

/**
 * @callback OnAnswer
 * @param {string | undefined} problem undefined when the answer was 200
 * @returns {void}
 */

/**
 * Publishes over a fixed number of keep-alive connections, one request on each at a time.
 * Writes and reads HTTP by hand: node:http would cost the load client more than the server.
 */
export class Publisher {
  /** @type {HttpConnection[]} */
  #idle = [];
  #application;
  #server;

  /**
   * @param {{ host: string, port: number, path: string }} server
   * @param {Application} application
   * @param {number} connections
   */
  constructor(server, application, connections) {
    this.#server = server;
    this.#application = application;
    for (let i = 0; i < connections; i++) this.#idle.push(new HttpConnection(server));
  }

  get isReady() {
    return this.#idle.length > 0;
  }

  /**
   * Only while `isReady`.
   * @param {string} body
   * @param {OnAnswer} onAnswer
   */
  publish(body, onAnswer) {
    const connection = this.#idle.pop();
    if (!connection) throw new Error('no idle connection to publish on');
    connection.request(this.#signed(body), (problem) => {
      this.#idle.push(connection);
      onAnswer(problem);
    });
  }

  /** @param {string} body */
  #signed(body) {
    const path = `/apps/${this.#application.id}/events`;
    const query = [
      `auth_key=${this.#application.key}`,
      `auth_timestamp=${Math.floor(Date.now() / 1000)}`,
      'auth_version=1.0',
      `body_md5=${createHash('md5').update(body).digest('hex')}`,
    ].join('&');
    const signature = createHmac('sha256', this.#application.secret)
      .update(`POST\n${path}\n${query}`)
      .digest('hex');
    return (
      `POST ${this.#server.path}${path}?${query}&auth_signature=${signature} HTTP/1.1\r\n` +
      `Host: ${this.#server.host}:${this.#server.port}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    );
  }
}

class HttpConnection {
  /** @type {net.Socket | undefined} */
  #socket;
  /** @type {OnAnswer | undefined} */
  #onAnswer;
  #received = '';
  #server;

  /** @param {{ host: string, port: number }} server */
  constructor(server) {
    this.#server = server;
  }

  /** @param {string} request @param {OnAnswer} onAnswer */
  request(request, onAnswer) {
    this.#onAnswer = onAnswer;
    this.#socket ??= this.#connect();
    this.#socket.write(request);
  }

  #connect() {
    const socket = net.connect({ host: this.#server.host, port: this.#server.port, noDelay: true });
    socket.setEncoding('latin1');
    socket.on('data', (text) => this.#receive(String(text)));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      // A server may end an idle connection; the next request opens another.
      this.#socket = undefined;
      this.#answer('connection closed before the answer');
    });
    return socket;
  }

  /** @param {string} text */
  #receive(text) {
    this.#received += text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const body = this.#received.slice(headEnd + 4);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const isWhole = length === undefined ? body.endsWith('0\r\n\r\n') : body.length >= +length;
    if (!isWhole) return;
    this.#received = '';
    if (/\r\nconnection: *close/i.test(head)) {
      this.#socket?.destroy();
      this.#socket = undefined;
    }
    const isOk = head.startsWith('HTTP/1.1 200');
    this.#answer(isOk ? undefined : `publish answered: ${head.slice(0, 40)} ${body.slice(0, 200)}`);
  }

  /** @param {string | undefined} problem */
  #answer(problem) {
    const onAnswer = this.#onAnswer;
    this.#onAnswer = undefined;
    onAnswer?.(problem);
  }
}
