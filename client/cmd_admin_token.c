#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/record_text.h"
#include "client/stay.h"
#include "client/table.h"
#include "partner/v1/admin.pb-c.h"

#define CREATE_PATH "/partner.v1.AdminService/CreateToken"
#define LIST_PATH   "/partner.v1.AdminService/ListTokens"
#define REVOKE_PATH "/partner.v1.AdminService/RevokeToken"

#define ALL_PAGE    1000
#define DAY_SECONDS 86400

static const char *const token_columns[] = {"id",          "title",         "access",  "scope", "create_time",
                                            "expire_time", "last_use_time", "revoked", NULL};

static const char *access_word(struct arena *arena, const Partner__V1__Token *token)
{
    return record_enums(arena, &partner__v1__access__descriptor, &token->access, 1);
}

/* ---- create ---- */

static Partner__V1__Access access_of(const char *word)
{
    static const char *const words[] = {"reader", "institution", "agency", "admin"};
    for (int i = 0; i < 4; i++)
        if (text_equal(word, words[i]))
            return (Partner__V1__Access)(i + 1);
    return PARTNER__V1__ACCESS__ACCESS_UNSPECIFIED;
}

/* "2027-06-30" is good to the end of that day (UTC), "90d" for so long from now. */
static int read_expiry(struct client *client, const char *text, Google__Protobuf__Timestamp **ret_time)
{
    int32_t day;
    struct stay stay;
    int64_t seconds = clock_realtime_us() / 1000000;
    if (date_parse(text, &day))
        seconds = ((int64_t)day + 1) * DAY_SECONDS;
    else if (stay_parse(text, 'd', &stay) && stay.min_days == stay.max_days)
        seconds += (int64_t)stay.max_days * DAY_SECONDS;
    else
        return client_fail(EXIT_USAGE, "give a date such as 2027-06-30, or a length such as 90d, 26w, 6m",
                           "--expires '%s' is no date and no length of time", text);
    Google__Protobuf__Timestamp *time = arena_alloc(client->arena, sizeof *time);
    google__protobuf__timestamp__init(time);
    time->seconds = seconds;
    *ret_time = time;
    return EXIT_DONE;
}

static int read_request(struct client *client, Partner__V1__CreateTokenRequest *request)
{
    const struct flags *flags = &client->flags;
    const char *access = flags_text(flags, "access"), *scope = flags_text(flags, "scope"),
               *expires = flags_text(flags, "expires");
    if (!access)
        return client_fail(EXIT_USAGE, "say what it may do: --access reader|institution|agency|admin",
                           "--access is missing");
    request->title = (char *)flags->words[0];
    request->access = access_of(access);
    request->scope = (char *)(scope ? scope : "");
    return expires ? read_expiry(client, expires, &request->expire_time) : EXIT_DONE;
}

/* The secret alone goes to standard output, so that a file of it is a token file. */
static void write_created(struct client *client, const Partner__V1__CreateTokenResponse *answer)
{
    const Partner__V1__Token *token = answer->token;
    const char *expires = token ? record_time(client->arena, token->expire_time) : "";
    if (token)
        fprintf(stderr, "token %s is made: %s%s%s, %s%s\nits secret, shown this once:\n", token->id,
                access_word(client->arena, token), *token->scope ? " " : "", token->scope,
                *expires ? "expires " : "never expires", expires);
    puts(answer->secret);
}

int cmd_admin_token_create(struct client *client)
{
    static const char *const columns[] = {"token.id", "secret", NULL};
    Partner__V1__CreateTokenRequest request = PARTNER__V1__CREATE_TOKEN_REQUEST__INIT;
    ProtobufCMessage *message;
    int failed = read_request(client, &request);
    if (failed)
        return failed;
    /* Not tried again: a first try that got through has made a token already. */
    struct client_call call = {CREATE_PATH, &request.base, &partner__v1__create_token_response__descriptor,
                               CLIENT_TIMEOUT_MS, 0};
    struct status status = client_call(client, &call, &message);
    if (!status_ok(status))
        return client_report(client, status);
    if (output_wants_table(&client->output, false)) {
        write_created(client, (const void *)message);
        return EXIT_DONE;
    }
    status = output_one(&client->output, message, columns);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}

/* ---- list ---- */

static void keep_page(struct client *client, Partner__V1__ListTokensResponse *whole,
                      const Partner__V1__ListTokensResponse *page)
{
    size_t have = whole->n_tokens, more = page->n_tokens;
    Partner__V1__Token **all = arena_array(client->arena, have + more + 1, sizeof *all);
    for (size_t i = 0; i < have; i++)
        all[i] = whole->tokens[i];
    for (size_t i = 0; i < more; i++)
        all[have + i] = page->tokens[i];
    *whole = *page;
    whole->tokens = all;
    whole->n_tokens = have + more;
}

static const char *state_of(const Partner__V1__Token *token)
{
    if (token->revoked)
        return "revoked";
    if (token->expire_time && token->expire_time->seconds <= clock_realtime_us() / 1000000)
        return "expired";
    return "in force";
}

static void write_list(struct client *client, const Partner__V1__ListTokensResponse *answer)
{
    static const struct table_column columns[] = {{.title = "ID"},      {.title = "TITLE", .least = 12},
                                                  {.title = "ACCESS"},  {.title = "SCOPE"},
                                                  {.title = "STATE"},   {.title = "MADE"},
                                                  {.title = "EXPIRES"}, {.title = "LAST USED"}};
    struct arena *arena = client->arena;
    struct table *table = table_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < answer->n_tokens; i++) {
        const Partner__V1__Token *token = answer->tokens[i];
        const char *cells[] = {token->id,
                               token->title,
                               access_word(arena, token),
                               token->scope,
                               state_of(token),
                               record_time(arena, token->create_time),
                               record_time(arena, token->expire_time),
                               record_time(arena, token->last_use_time)};
        table_add(table, cells);
    }
    if (answer->n_tokens)
        output_table(&client->output, table);
    else
        puts("there is no token yet; make an admin's with: partnerd --create-token TITLE");
    if (*answer->next_page_token)
        output_line(&client->output, "there are more: --all, or --page-token %s", answer->next_page_token);
}

int cmd_admin_token_list(struct client *client)
{
    const struct flags *flags = &client->flags;
    const char *page_token = flags_text(flags, "page-token");
    bool all = flags_has(flags, "all");
    Partner__V1__ListTokensRequest request = PARTNER__V1__LIST_TOKENS_REQUEST__INIT;
    Partner__V1__ListTokensResponse whole = PARTNER__V1__LIST_TOKENS_RESPONSE__INIT;
    request.page_size = flags_number(flags, "page-size");
    if (all && !request.page_size)
        request.page_size = ALL_PAGE;
    request.page_token = (char *)(page_token ? page_token : "");
    do {
        ProtobufCMessage *message;
        int failed = client_read(client, LIST_PATH, &request.base,
                                 &partner__v1__list_tokens_response__descriptor, &message);
        if (failed)
            return failed;
        keep_page(client, &whole, (const void *)message);
        request.page_token = whole.next_page_token;
    } while (all && *request.page_token);
    if (output_wants_table(&client->output, true)) {
        write_list(client, &whole);
        return EXIT_DONE;
    }
    struct status status = output_list(
        &client->output, &(struct output_list){.whole = &whole.base,
                                               .rows = (const ProtobufCMessage *const *)whole.tokens,
                                               .row_count = whole.n_tokens,
                                               .row = &partner__v1__token__descriptor,
                                               .columns = token_columns});
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}

/* ---- revoke ---- */

int cmd_admin_token_revoke(struct client *client)
{
    const struct flags *flags = &client->flags;
    for (size_t i = 0; i < flags->word_count; i++) {
        Partner__V1__RevokeTokenRequest request = PARTNER__V1__REVOKE_TOKEN_REQUEST__INIT;
        ProtobufCMessage *message;
        request.id = (char *)flags->words[i];
        int failed = client_read(client, REVOKE_PATH, &request.base,
                                 &partner__v1__revoke_token_response__descriptor, &message);
        if (failed)
            return failed;
        fprintf(stderr, "token %s is revoked\n", request.id);
    }
    return EXIT_DONE;
}
