{# A mapping: one SQL file a contract table, which turns what an institute has into the contract (docs/contract.md).
   It is one select from `entrega`; comment lines on top say what that is: files, sheet, header_row, table. #}
{% macro mapping_file(tabla) -%}
    {%- set folder = env_var('AFORO_MAPPING', '') -%}
    {%- if not folder and source_kind() == 'folder' -%}
        {%- set folder = source_folder() ~ '/mapping' -%}
    {%- endif -%}
    {%- if not folder -%}{{ return(none) }}{%- endif -%}
    {%- set found = run_query("select file from glob(" ~ quoted(folder.rstrip('/') ~ '/' ~ tabla ~ '.sql') ~ ")").rows -%}
    {{ return(found[0][0] if found else none) }}
{%- endmacro %}


{# {file, query, options} of a mapping file. Stops where it is not one select. #}
{% macro read_mapping(tabla, file) -%}
    {%- set text = run_query("select content from read_text(" ~ quoted(file) ~ ")").rows[0][0] -%}
    {%- set query = text.strip().rstrip(';') -%}
    {%- set parsed = run_query(
        "select p ->> 'error', p ->> 'error_message', json_array_length(p -> 'statements') from (select json_serialize_sql("
        ~ quoted(query) ~ ")::json as p)"
    ).rows[0] -%}
    {%- if parsed[0] == 'true' or parsed[2] != 1 -%}
        {{ stop("Mapping file " ~ file ~ " of table " ~ tabla ~ " is not one select: " ~ (parsed[1] or 'it has ' ~ parsed[2] ~ ' statements')
            ~ ". Write a single query, such as: select \"Periodo\" as periodo, … from entrega") }}
    {%- endif -%}
    {%- set options = {} -%}
    {%- for line in text.splitlines() if line.startswith('--') -%}
        {%- set key, _, value = line[2:].partition(':') -%}
        {%- if key.strip() in ('files', 'sheet', 'header_row', 'table') -%}
            {%- do options.update({key.strip(): value.strip()}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not modules.re.match('[1-9][0-9]*$', options.get('header_row', '1')) -%}
        {{ stop("Mapping file " ~ file ~ ": header_row is not a row number. Write a number, such as: -- header_row: 2") }}
    {%- endif -%}
    {{ return({'file': file, 'query': query, 'options': options}) }}
{%- endmacro %}


{# The mapping's query over what is delivered. Its file and a row number stand in for an `archivo` and `fila` that it does
   not pass on. #}
{% macro mapped(plan, mapping, file) -%}
    {%- set entrega = "with entrega as (select * from " ~ plan.sql ~ ")\n" if plan.sql else "" -%}
    {%- set columns = run_query("describe " ~ entrega ~ "select * from (\n" ~ mapping.query ~ "\n)").columns[0].values() | map('lower') | list -%}
    {{ return(entrega ~ "select *"
        ~ ("" if 'archivo' in columns else ", " ~ quoted(file) ~ " as archivo")
        ~ ("" if 'fila' in columns else ", row_number() over () as fila")
        ~ " from (\n" ~ mapping.query ~ "\n)") }}
{%- endmacro %}


{# The plan of a table that is not delivered under its name: none without a mapping; with one, its query must do without
   `entrega`, as one does that reads from `instituto` by itself. #}
{% macro plan_without_entrega(tabla, mapping, example) -%}
    {%- if 'query' not in mapping -%}{{ return(none) }}{%- endif -%}
    {%- if modules.re.search('(?i)\\bentrega\\b', mapping.query) -%}
        {{ stop("Mapping file " ~ mapping.file ~ " does not say what `entrega` is, and the source has no " ~ tabla
            ~ ". Add a first line such as: " ~ example) }}
    {%- endif -%}
    {{ return({'sql': none, 'readings': []}) }}
{%- endmacro %}
