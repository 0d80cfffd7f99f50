import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A service that reads scores and flags, each once; needs kafka-clients and jackson-databind.
 *
 * <p>Kafka hands out a record again after a crash or a rebalance. Scores carry seq, flags carry flag_id, state and
 * seq: what is not newer, or was seen before, is dropped. Here both are remembered in memory alone; in your service keep
 * them in your database, in the same transaction as what is done with the record (consumer.py does).
 *
 * <p>Run: java Consumer.java localhost:9092 [prefix of the topics]
 */
public final class Consumer {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, Long> newest = new HashMap<>();
    private final Set<String> seen = new HashSet<>();

    public static void main(String[] args) throws Exception {
        String prefix = args.length > 1 ? args[1] : "";
        Properties config = new Properties();
        config.put("bootstrap.servers", args[0]);
        config.put("group.id", "example-java");
        config.put("isolation.level", "read_committed"); // what an aborted transaction left behind does not count
        config.put("auto.offset.reset", "earliest");
        config.put("enable.auto.commit", "false");
        Consumer service = new Consumer();
        try (KafkaConsumer<String, String> kafka =
                new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            kafka.subscribe(List.of(prefix + "fan-scores", prefix + "fan-flags"));
            while (true) {
                for (ConsumerRecord<String, String> record : kafka.poll(Duration.ofMillis(500))) {
                    if (record.topic().endsWith("fan-scores")) {
                        service.score(record.key(), record.value());
                    } else {
                        service.flag(record.key(), record.value());
                    }
                }
                kafka.commitSync(); // after the work: a crash in between means to read again, not to miss
            }
        }
    }

    private void score(String fan, String value) throws Exception {
        if (value == null) { // the fan was erased: forget them
            newest.remove(fan);
            return;
        }
        JsonNode record = JSON.readTree(value);
        long seq = record.get("seq").asLong();
        if (seq > newest.getOrDefault(fan, 0L)) {
            newest.put(fan, seq);
            System.out.println("score " + fan + " " + seq + " " + record.get("score") + " " + text(record, "tier"));
        }
    }

    private void flag(String fan, String value) throws Exception {
        JsonNode record = JSON.readTree(value);
        String id = text(record, "flag_id");
        String state = text(record, "state");
        if (seen.add(id + " " + state + " " + record.get("seq"))) { // send the coupon, ring the fan up
            System.out.println(String.join(
                    " ", "flag", fan, id, text(record, "kind"), state, text(record, "reason")));
        }
    }

    private static String text(JsonNode record, String field) {
        return record.get(field).asText();
    }
}
