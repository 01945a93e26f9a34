/*
 * A QMP server of a few commands, each with one fault that only a sanitizer sees.
 *
 * It reads one request a line, as the suite writes them, and knows no other spelling.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRUCT(name, members) "{\"name\":\"" name "\",\"meta-type\":\"object\",\"members\":[" members "]}"
#define NUMBER(name) "{\"name\":\"" name "\",\"type\":\"int\"}"
#define COMMAND(name, arg, ret) \
    "{\"name\":\"" name "\",\"meta-type\":\"command\",\"arg-type\":\"" arg "\",\"ret-type\":\"" ret "\"}"
#define VERSION \
    "{\"qemu\":{\"major\":10,\"minor\":0,\"micro\":99},\"package\":\"\"}"

static const char schema[] = "["
    STRUCT("empty", "") ","
    STRUCT("value", NUMBER("value")) ","
    STRUCT("triple", NUMBER("major") "," NUMBER("minor") "," NUMBER("micro")) ","
    STRUCT("version", "{\"name\":\"qemu\",\"type\":\"triple\"},{\"name\":\"package\",\"type\":\"str\"}") ","
    STRUCT("name", "{\"name\":\"name\",\"type\":\"str\"}") ","
    "{\"name\":\"[name]\",\"meta-type\":\"array\",\"element-type\":\"name\"},"
    "{\"name\":\"int\",\"meta-type\":\"builtin\",\"json-type\":\"int\"},"
    "{\"name\":\"str\",\"meta-type\":\"builtin\",\"json-type\":\"string\"},"
    COMMAND("qmp_capabilities", "empty", "empty") ","
    COMMAND("query-version", "empty", "version") ","
    COMMAND("query-commands", "empty", "[name]") ","
    COMMAND("add-one", "value", "value") ","
    COMMAND("add-two", "value", "value") ","
    COMMAND("read-at", "value", "value") ","
    COMMAND("keep", "value", "empty") ","
    COMMAND("keep-once", "value", "empty") ","
    COMMAND("quit", "empty", "empty") "]";

static const char commands[] =
    "[{\"name\":\"qmp_capabilities\"},{\"name\":\"query-version\"},{\"name\":\"query-commands\"},"
    "{\"name\":\"query-qmp-schema\"},{\"name\":\"add-one\"},{\"name\":\"add-two\"},"
    "{\"name\":\"read-at\"},{\"name\":\"keep\"},{\"name\":\"keep-once\"},{\"name\":\"quit\"}]";

static int line;
static void *volatile kept;

static void say(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t written = write(line, text, left);
        if (written <= 0) {
            exit(1);
        }
        text += written;
        left -= written;
    }
}

static void reply(const char *result, long id)
{
    char end[40];
    say("{\"return\": ");
    say(result);
    snprintf(end, sizeof end, ", \"id\": %ld}\r\n", id);
    say(end);
}

static long number(const char *request, const char *name)
{
    const char *found = strstr(request, name);
    return found ? strtol(found + strlen(name), NULL, 10) : 0;
}

static long add_one(long value)
{
    return value + 1;
}

static long add_two(long value)
{
    return value + 2;
}

static long read_at(long value)
{
    char *bytes = calloc(8, 1);
    /* The check is one too generous. */
    long result = value >= 0 && value <= 8 ? bytes[value] : -1;
    free(bytes);
    return result;
}

static void keep(long value)
{
    kept = malloc(16 + value);
    kept = NULL;
}

static void keep_once(void)
{
    static int done;
    if (!done++) {
        keep(0);
    }
}

static int asks(const char *request, const char *name)
{
    char member[80];
    snprintf(member, sizeof member, "\"execute\":\"%s\"", name);
    return strstr(request, member) != NULL;
}

static void answer(const char *request)
{
    long id = number(request, "\"id\":"), value = number(request, "\"value\":");
    char result[40];
    if (asks(request, "query-version")) {
        reply(VERSION, id);
    } else if (asks(request, "query-qmp-schema")) {
        reply(schema, id);
    } else if (asks(request, "query-commands")) {
        reply(commands, id);
    } else if (asks(request, "add-one") || asks(request, "add-two")) {
        value = asks(request, "add-one") ? add_one(value) : add_two(value);
        snprintf(result, sizeof result, "{\"value\": %ld}", value);
        reply(result, id);
    } else if (asks(request, "read-at")) {
        snprintf(result, sizeof result, "{\"value\": %ld}", read_at(value));
        reply(result, id);
    } else if (asks(request, "qom-list-types") || asks(request, "qom-list")) {
        reply("[]", id);
    } else {
        if (asks(request, "keep")) {
            keep(value);
        } else if (asks(request, "keep-once")) {
            keep_once();
        }
        reply("{}", id);
        if (asks(request, "quit")) {
            exit(0);
        }
    }
}

int main(int argc, char **argv)
{
    static char request[1 << 20];
    for (int i = 1; i < argc; i++) {
        const char *fd = strstr(argv[i], ",fd=");
        if (strcmp(argv[i], "--version") == 0) {
            puts("QEMU emulator version 10.0.99 (sanitized)");
            return 0;
        }
        line = fd ? atoi(fd + 4) : line;
    }
    say("{\"QMP\": {\"version\": " VERSION ", \"capabilities\": []}}\r\n");
    FILE *input = fdopen(dup(line), "r");
    while (fgets(request, sizeof request, input)) {
        answer(request);
    }
    return 0;
}
