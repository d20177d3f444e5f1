#include "net/http1_head.h"

#include <string.h>

#include "base/text.h"

enum {
    BAD_REQUEST = 400,
    LENGTH_REQUIRED = 411,
    URI_TOO_LONG = 414,
    EXPECTATION_FAILED = 417,
    FIELDS_TOO_LARGE = 431,
    VERSION_NOT_SUPPORTED = 505
};

/* What the fields said, beside the head itself. */
struct reading {
    struct http1_head *head;
    bool has_host, has_length;
};

static bool is_token_byte(unsigned char byte)
{
    if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
        return true;
    return byte && strchr("!#$%&'*+-.^_`|~", byte);
}

static bool is_token(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if (!is_token_byte((unsigned char)*text))
            return false;
    return true;
}

static bool is_field_byte(unsigned char byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

size_t http1_head_size(const char *bytes, size_t size, size_t most_bytes, size_t *scanned,
                       unsigned *ret_fault)
{
    for (size_t at = *scanned; at < size && at < most_bytes; at++) {
        unsigned char byte = (unsigned char)bytes[at];
        bool after_return = at > 0 && bytes[at - 1] == '\r';
        if ((byte == '\n') != after_return || (byte != '\n' && byte != '\r' && !is_field_byte(byte)))
            *ret_fault = BAD_REQUEST;
        if (*ret_fault)
            return 0;
        if (byte == '\n' && (at == 1 || (at >= 3 && bytes[at - 2] == '\n')))
            return at + 1;
    }
    *scanned = size;
    if (size >= most_bytes)
        *ret_fault = memchr(bytes, '\n', most_bytes) ? FIELDS_TOO_LARGE : URI_TOO_LONG;
    return 0;
}

/* Ends the line at `*rest` with a NUL and steps behind it. */
static char *take_line(char **rest)
{
    char *line = *rest, *end = rawmemchr(line, '\r'); /* the head is no text yet: no NUL ends it */
    *end = '\0';
    *rest = end + 2;
    return line;
}

static unsigned parse_version(const char *version, struct http1_head *head)
{
    if (strcmp(version, "HTTP/1.1") == 0 || strcmp(version, "HTTP/1.0") == 0) {
        head->is_http10 = version[7] == '0';
        head->keep_alive = !head->is_http10;
        return 0;
    }
    bool is_other = strlen(version) == 8 && text_starts_with(version, "HTTP/") && version[6] == '.';
    return is_other ? VERSION_NOT_SUPPORTED : BAD_REQUEST;
}

static unsigned parse_request_line(char *line, struct http1_head *head)
{
    char *path = strchr(line, ' ');
    char *version = path ? strchr(path + 1, ' ') : NULL;
    if (!version)
        return BAD_REQUEST;
    *path++ = '\0';
    *version++ = '\0';
    head->method = line;
    head->path = path;
    if (!is_token(line) || (*path != '/' && strcmp(path, "*") != 0))
        return BAD_REQUEST;
    for (const char *at = path; *at; at++)
        if (*at <= 0x20 || *at >= 0x7f)
            return BAD_REQUEST;
    char *query = strpbrk(path, "?#");
    if (query)
        *query = '\0';
    return parse_version(version, head);
}

/* One word after the other of a list with commas, blanks around them cut; NULL at its end. Empty words are skipped. */
static char *take_word(char **rest)
{
    while (**rest) {
        char *word = *rest + strspn(*rest, " \t");
        char *end = word + strcspn(word, ",");
        *rest = *end ? end + 1 : end;
        while (end > word && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        *end = '\0';
        if (*word)
            return word;
    }
    return NULL;
}

static void read_connection(char *value, struct http1_head *head)
{
    for (char *word = take_word(&value); word; word = take_word(&value)) {
        if (text_equal_ascii_case(word, "close"))
            head->keep_alive = false;
    }
}

static unsigned read_field(struct reading *reading, const char *name, char *value)
{
    struct http1_head *head = reading->head;
    if (text_equal_ascii_case(name, "host")) {
        if (reading->has_host)
            return BAD_REQUEST;
        reading->has_host = true;
    } else if (text_equal_ascii_case(name, "content-length")) {
        unsigned long long number;
        if (reading->has_length || !text_to_u64(value, INT64_MAX, &number))
            return BAD_REQUEST;
        reading->has_length = true;
        head->body_bytes = number;
    } else if (text_equal_ascii_case(name, "transfer-encoding")) {
        return reading->has_length || head->is_http10 ? BAD_REQUEST : LENGTH_REQUIRED;
    } else if (text_equal_ascii_case(name, "expect")) {
        if (!text_equal_ascii_case(value, "100-continue"))
            return EXPECTATION_FAILED;
        head->expects_continue = true;
    } else if (text_equal_ascii_case(name, "connection")) {
        read_connection(value, head);
    }
    return 0;
}

static unsigned parse_field(char *line, struct reading *reading)
{
    char *colon = strchr(line, ':');
    if (!colon)
        return BAD_REQUEST;
    *colon = '\0';
    if (!is_token(line)) /* also a line that begins with a blank, and a blank before the colon */
        return BAD_REQUEST;
    char *value = colon + 1 + strspn(colon + 1, " \t");
    for (size_t size = strlen(value); size && (value[size - 1] == ' ' || value[size - 1] == '\t'); size--)
        value[size - 1] = '\0';
    return read_field(reading, line, value);
}

void http1_head_parse(char *bytes, size_t size, unsigned most_fields, struct http1_head *head)
{
    *head = (struct http1_head){.method = "", .path = ""};
    struct reading reading = {.head = head};
    char *rest = bytes, *end = bytes + size - 2; /* the empty line */
    if (rest == end) {
        head->fault = BAD_REQUEST;
        return;
    }
    head->fault = parse_request_line(take_line(&rest), head);
    for (unsigned count = 0; rest < end && !head->fault; count++)
        head->fault = count < most_fields ? parse_field(take_line(&rest), &reading) : FIELDS_TOO_LARGE;
    if (!head->fault && !reading.has_host && !head->is_http10)
        head->fault = BAD_REQUEST;
}
