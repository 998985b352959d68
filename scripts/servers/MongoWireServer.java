import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;
import java.util.Set;
import org.h2.mvstore.MVStore;

/**
 * A MongoDB-wire server for tests: `java MongoWireServer.java PORT [FILE]`. With a file, what was
 * acknowledged is in it before the answer is sent, so that a killed server comes back with it. It
 * prints "listening" when it does.
 */
public class MongoWireServer {
  static final Set<String> READS =
      Set.of("hello", "ismaster", "isMaster", "ping", "find", "getMore", "killCursors",
          "aggregate", "count", "listCollections", "listIndexes", "endSessions", "buildInfo");

  public static void main(String[] arguments) {
    int port = Integer.parseInt(arguments[0]);
    MongoBackend backend = arguments.length > 1 ? durable(arguments[1]) : new MemoryBackend();
    backend.version(version());
    new MongoServer(backend).bind("127.0.0.1", port);
    System.out.println("listening");
  }

  static MongoBackend durable(String file) {
    // Without its own thread nothing is written but what we commit.
    MVStore store = new MVStore.Builder().fileName(file).autoCommitDisabled().open();
    return new H2Backend(store) {
      @Override
      public Document handleMessage(MongoMessage message) {
        if (READS.contains(message.getDocument().keySet().iterator().next())) {
          return super.handleMessage(message);
        }
        // One write at a time: a commit in the middle of another would keep half a document.
        synchronized (store) {
          Document answer = super.handleMessage(message);
          store.commit();
          return answer;
        }
      }
    };
  }

  /** Without it the driver refuses the server as too old. */
  static MongoVersion version() {
    return new MongoVersion() {
      @Override
      public List<Integer> getVersionArray() {
        return List.of(7, 0, 0);
      }

      @Override
      public int getWireVersion() {
        return 21;
      }
    };
  }
}
