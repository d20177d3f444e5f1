#pragma once

/* Numbers in change_log.kind beside those of enum record_kind. */
enum { CHANGE_REGISTRY = 10, CHANGE_VOCABULARY = 11 };
