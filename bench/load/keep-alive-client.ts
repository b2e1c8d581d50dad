import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** The server ended the connection before it answered. */
export class ConnectionLost extends Error {}

/**
 * One rater's connection: sends a request of JSON and reads its answer, one at a time, on a socket that is kept.
 *
 * Node's own client takes as long for a request as the server does, so on a machine that runs both it would be half of
 * what is measured. This one understands only the answers of our server: a status, Content-Length, JSON.
 */
export class KeepAliveClient {
  private socket: Socket | undefined;

  constructor(
    private readonly port: number,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** @throws ConnectionLost, or an Error with the server's message. */
  async post<T>(path: string, body: unknown): Promise<T> {
    const socket = (this.socket ??= await open(this.port));
    const text = JSON.stringify(body);
    const lines = [
      `POST /api/v1${path} HTTP/1.1`,
      `Host: 127.0.0.1:${this.port}`,
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(text)}`,
      ...Object.entries(this.headers).map(([name, value]) => `${name}: ${value}`),
    ];
    try {
      const answer = readAnswer(socket);
      socket.write(`${lines.join("\r\n")}\r\n\r\n${text}`);
      const { status, json } = await answer;
      if (status >= 400) throw new Error(`the server answered ${status}: ${json}`);
      return JSON.parse(json) as T;
    } catch (error) {
      if (error instanceof ConnectionLost) this.close();
      throw error;
    }
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  // Once the connection is made, readAnswer reports its end and its errors.
  socket.on("error", () => undefined);
  try {
    await once(socket, "connect");
  } catch (error) {
    throw new ConnectionLost(String(error));
  }
  return socket;
}

function readAnswer(socket: Socket): Promise<{ status: number; json: string }> {
  return new Promise((resolve, reject) => {
    let got: Buffer = Buffer.alloc(0);
    const done = (finish: () => void) => {
      socket.off("data", read);
      socket.off("close", lost);
      finish();
    };
    const lost = () => done(() => reject(new ConnectionLost("the server ended the connection")));
    const read = (chunk: Buffer) => {
      got = got.length === 0 ? chunk : Buffer.concat([got, chunk]);
      const end = got.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = got.toString("latin1", 0, end);
      const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? [];
      const whole = end + 4 + Number(length ?? 0);
      if (got.length < whole) return;
      const json = got.toString("utf8", end + 4, whole);
      done(() => resolve({ status: Number(head.slice(9, 12)), json }));
    };
    socket.on("data", read);
    socket.on("close", lost);
    if (socket.destroyed) lost();
  });
}
