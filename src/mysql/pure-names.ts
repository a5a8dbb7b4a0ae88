/** Words that may stand before a parenthesis without being a call. */
const KEYWORDS =
  'all and any as asc between by case cross desc distinct distinctrow else end escape except exists explain from group ' +
  'groups having in index inner insert intersect interval into is join key lateral left like limit natural not null of ' +
  'offset on only or order outer over partition primary range recursive regexp right rlike row rows select set some ' +
  'straight_join table then union unique update using values value when where window with xor replace ignore force use ' +
  'duplicate returning analyze format match against'

/** Type names that take arguments, and constructs that look like calls. */
const TYPES =
  'binary bit char character datetime dec decimal double fixed float int integer nchar numeric real signed time timestamp unsigned ' +
  'varbinary varchar year cast convert extract position substring trim'

/**
 * Built-in functions that leave nothing behind on the connection (MySQL 8.4 manual, "Built-In Function and Operator
 * Reference"). Not in it, on purpose: get_lock, release_lock, last_insert_id, sleep's relatives that take locks,
 * master_pos_wait, load_file, setval, nextval, name_const, and everything else that this list does not name.
 */
const FUNCTIONS =
  'abs acos adddate addtime any_value ascii asin atan atan2 avg bin bin_to_uuid bit_and bit_count bit_length bit_or bit_xor ' +
  'ceil ceiling char_length character_length charset coalesce coercibility collation compress concat concat_ws connection_id ' +
  'conv convert_tz cos cot count crc32 cume_dist curdate current_date current_role current_time current_timestamp ' +
  'current_user curtime database date date_add date_format date_sub datediff day dayname dayofmonth dayofweek dayofyear ' +
  'default degrees dense_rank elt exp export_set field find_in_set first_value floor format_bytes from_base64 from_days ' +
  'from_unixtime geomfromtext greatest group_concat grouping hex hour if ifnull inet6_aton inet6_ntoa inet_aton inet_ntoa ' +
  'instr is_ipv4 is_ipv6 is_uuid isnull json_array json_array_append json_array_insert json_arrayagg json_contains ' +
  'json_contains_path json_depth json_extract json_insert json_keys json_length json_merge json_merge_patch ' +
  'json_merge_preserve json_object json_objectagg json_overlaps json_pretty json_quote json_remove json_replace ' +
  'json_schema_valid json_search json_set json_table json_type json_unquote json_valid json_value json_compact json_detailed ' +
  'json_exists json_loose json_query lag last_day last_value lcase lead least length ln localtime localtimestamp locate log ' +
  'log10 log2 lower lpad ltrim make_set makedate maketime max md5 microsecond mid min minute mod month monthname now nth_value ' +
  'ntile nullif oct octet_length ord percent_rank period_add period_diff pi pow power quarter quote radians rand ' +
  'random_bytes rank regexp_instr regexp_like regexp_replace regexp_substr repeat reverse round row_count row_number rpad ' +
  'rtrim schema sec_to_time second session_user sha sha1 sha2 sign sin sleep soundex space sqrt st_asgeojson st_astext ' +
  'st_contains st_distance st_distance_sphere st_geomfromtext st_intersects st_within st_x st_y std stddev stddev_pop ' +
  'stddev_samp str_to_date strcmp subdate substr substring_index subtime sum sysdate system_user tan time_format time_to_sec ' +
  'timediff timestampadd timestampdiff to_base64 to_char to_days to_seconds truncate ucase uncompress ' +
  'uncompressed_length unhex unix_timestamp upper user utc_date utc_time utc_timestamp uuid uuid_short uuid_to_bin var_pop ' +
  'var_samp variance version week weekday weekofyear weight_string yearweek median percentile_cont percentile_disc nvl nvl2'

/** Names before a parenthesis that leave nothing behind on a connection. */
export const PURE_NAMES: ReadonlySet<string> = new Set(`${KEYWORDS} ${TYPES} ${FUNCTIONS}`.split(' '))
