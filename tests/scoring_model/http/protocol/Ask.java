import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;

/** Posts a file to a URL, in one piece and in chunks, three times on one connection. */
public class Ask {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        Path file = Path.of(arguments[1]);
        for (int turn = 0; turn < 3; turn++) {
            HttpRequest.BodyPublisher[] bodies = {
                BodyPublishers.ofFile(file),
                BodyPublishers.fromPublisher(BodyPublishers.ofFile(file)),
            };
            for (HttpRequest.BodyPublisher body : bodies) {
                HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0]))
                    .header("Content-Type", "application/json")
                    .POST(body)
                    .build();
                var answer = client.send(request, BodyHandlers.ofString());
                System.out.println(answer.statusCode() + " " + answer.body());
            }
        }
    }
}
