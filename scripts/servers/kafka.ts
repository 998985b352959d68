import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../shared/testing/free-port.js';
import { JavaServer } from './java-server.js';
import { mavenClassPath } from './maven-jars.js';

/** Any: it only has to be the same whenever this folder is started. */
const CLUSTER_ID = 'c2FnYWUtdGVzdC1rYWZrYQ';
const JAVA = ['-Xms256m', '-Xmx512m', '-XX:+UseG1GC', '-Dorg.slf4j.simpleLogger.defaultLogLevel='];

/** A real Kafka broker of one node, in a process of its own, for tests and benches. */
export class KafkaServerProcess extends JavaServer {
  private constructor(
    properties: string,
    classPath: string,
    readonly port: number,
  ) {
    const program = ['-cp', classPath, 'kafka.Kafka', properties];
    super('Kafka broker', [...javaOptions('info'), ...program], 'Kafka Server started');
  }

  /**
   * Starts a broker on free ports.
   * @param folder where it keeps its data and its settings; made where it is not there
   * @param announced port that clients are told to come to, where a proxy stands before the broker
   * @throws when Java or Maven are not there, or the broker does not start
   */
  static async start(folder: string, announced?: number): Promise<KafkaServerProcess> {
    const classPath = await mavenClassPath('kafka-pom.xml');
    const [port, controllerPort] = [await freePort(), await freePort()];
    const properties = join(folder, 'server.properties');
    await mkdir(folder, { recursive: true });
    const settings = settingsOf(folder, port, controllerPort, announced ?? port);
    await writeFile(properties, settings.join('\n'));
    const format = ['format', '-t', CLUSTER_ID, '-c', properties];
    const tool = ['-cp', classPath, 'kafka.tools.StorageTool', ...format];
    await promisify(execFile)('java', [...javaOptions('error'), ...tool]);
    const server = new KafkaServerProcess(properties, classPath, port);
    await server.restart();
    return server;
  }

  get broker(): string {
    return `127.0.0.1:${this.port}`;
  }
}

function settingsOf(
  folder: string,
  port: number,
  controllerPort: number,
  announced: number,
): readonly string[] {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    'controller.listener.names=CONTROLLER',
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${announced}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${join(folder, 'data')}`,
    'auto.create.topics.enable=false',
    'num.partitions=1',
    'offsets.topic.num.partitions=1',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=1000',
    // One node that is killed fences its own old self: without this it waits for 9 s after a restart.
    'broker.session.timeout.ms=1000',
    'broker.heartbeat.interval.ms=200',
    'num.network.threads=2',
    'num.io.threads=2',
    'log.cleaner.dedupe.buffer.size=4194304',
  ];
}

function javaOptions(level: string): readonly string[] {
  return JAVA.map((option) => (option.endsWith('=') ? `${option}${level}` : option));
}
