{# What the project keeps of its own work, in the schema landing (models/landing/_sources.yml, source aforo):
   contenidos: what a run has read; capturas: what it captured; transformaciones: what the tables above stand on. #}
{% macro create_work_log() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'snapshot', 'test') -%}
    {{- stop_on_empty_settings() }}
    {{- stop_before_newest_capture() }}
create schema if not exists landing;
{{ create_upgrade_log() }}
create table if not exists landing.contenidos (
    run_id varchar not null,
    tabla varchar not null,
    filas bigint not null,
    periodos bigint,
    huella varchar,
    leida_en timestamp not null
);
create table if not exists landing.capturas (
    secuencia bigint,
    run_id varchar not null,
    tabla varchar not null,
    origen varchar not null,
    filas bigint not null,
    periodos bigint,
    huella varchar,
    cambios bigint not null,
    capturada_en timestamp not null
);
{#- A home of before has a log without these. #}
alter table landing.capturas add column if not exists periodos bigint;
alter table landing.capturas add column if not exists huella varchar;
alter table landing.capturas add column if not exists cambios bigint default 0;
alter table landing.capturas add column if not exists secuencia bigint;
{#- Its rows were appended in their order, whatever the clock said. #}
update landing.capturas as c
set secuencia = o.secuencia
from (select run_id, row_number() over (order by min(rowid)) as secuencia from landing.capturas group by run_id) as o
where c.run_id = o.run_id and c.secuencia is null;
create table if not exists landing.transformaciones (clave varchar not null, run_id varchar not null, terminada_en timestamp not null);
{{ create_reading_log() }}
{{ create_vacuum_log() }}
    {#- A challenger reads nothing, and builds beside what the champion stands on. #}
    {%- if of_this_run('base_campeon') is none %}
delete from landing.contenidos where run_id <> '{{ this_run() }}';
    {%- if builds_above_raw() %}
delete from landing.transformaciones;
    {%- endif %}
    {%- endif %}
{{ log_unchanged(of_this_run('sin_cambios')) }}
    {%- else -%}
select 1
    {%- endif -%}
{%- endmacro %}


{# The steps that have brought the home to its format (flows/home/upgrade.py); a new home is of this release's from the start. #}
{% macro create_upgrade_log() -%}
    {%- if adapter.get_relation(database=target.database, schema='landing', identifier='capturas') is none -%}
create table if not exists landing.migraciones (version integer not null, nombre varchar not null, aplicada_en timestamp not null);
insert into landing.migraciones
select {{ home_format() }}, 'nuevo', current_timestamp at time zone 'UTC'
where not exists (select 1 from landing.migraciones);
    {%- endif -%}
{%- endmacro %}


{# The format of this release's homes: that of its newest step. #}
{% macro home_format() %}{{ return(2) }}{% endmacro %}


{# dbt by hand; `aforo` has said so before (flows/settings.py, flows/steps/preflight.py). #}
{% macro stop_on_empty_settings() -%}
    {%- for name in ('AFORO_SOURCE', 'AFORO_HOME', 'AFORO_MAPPING') if not env_var(name, 'default') | trim -%}
        {{ stop(name ~ " is empty. Give it a value, or unset it for the default.") }}
    {%- endfor -%}
{%- endmacro %}


{# The history of a capture that is made before the newest would end before it begins. #}
{% macro stop_before_newest_capture() -%}
    {%- set captures = adapter.get_relation(database=target.database, schema='landing', identifier='capturas') -%}
    {%- if captures is not none -%}
        {%- set ahead = run_query(
            "select tabla, strftime(capturada_en, '%Y-%m-%d %H:%M:%S'), strftime(current_timestamp at time zone 'UTC', '%Y-%m-%d %H:%M:%S') from "
            ~ captures ~ " where capturada_en > current_timestamp at time zone 'UTC' order by capturada_en desc limit 1"
        ).rows -%}
        {%- if ahead -%}
            {{ stop("This machine's clock says " ~ ahead[0][2] ~ " UTC, which is before the newest capture, of " ~ ahead[0][0] ~ " at "
                ~ ahead[0][1] ~ " UTC. Set the clock right, or use another home (docs/reliability.md).") }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# The number of this run among those that captured something: what captures are ordered by. A clock may be set back. #}
{% macro sequence_of_this_run() -%}
coalesce(
        (select max(c.secuencia) from landing.capturas as c where c.run_id = '{{ this_run() }}'),
        (select coalesce(max(c.secuencia), 0) + 1 from landing.capturas as c)
    )
{%- endmacro %}


{% macro builds_above_raw() -%}
    {%- set above = [] -%}
    {%- for name in selected_resources if name.startswith('model.') and '.landing__' not in name -%}
        {%- do above.append(name) -%}
    {%- endfor -%}
    {{ return(above | length > 0) }}
{%- endmacro %}


{# A var that differs at each run. `aforo` hands these over as one JSON text in the environment, as a change of dbt's
   own vars makes it parse the whole project anew; by hand they are vars as any other. #}
{% macro of_this_run(name) -%}
    {{ return(fromjson(dbt_metadata_envs.get('AFORO_RUN', '{}')).get(name, var(name))) }}
{%- endmacro %}


{% macro this_run() -%}
    {{ return(of_this_run('run_id') or invocation_id) }}
{%- endmacro %}


{# After a landing model: how much was read, and a fingerprint of it, whatever the order of the rows. #}
{% macro log_reading() -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list if execute else [] -%}
delete from landing.contenidos where tabla = '{{ this.identifier }}';
insert into landing.contenidos by name
select
    '{{ this_run() }}' as run_id,
    '{{ this.identifier }}' as tabla,
    count(*) as filas,
    {%- if 'periodo' in columns %}
    count(distinct contenido.periodo) as periodos,
    {%- endif %}
    cast(sum(hash(contenido)) as varchar) as huella,
    current_timestamp at time zone 'UTC' as leida_en
from (select * exclude (archivo, fila, problemas) from {{ this }}) as contenido
{%- endmacro %}


{# After a snapshot, in its transaction: what is captured now, and how many rows of it are new. #}
{% macro log_capture() -%}
    {%- set tabla = this.identifier | replace('snapshot__', '') -%}
insert into landing.capturas by name
select
    {{ sequence_of_this_run() }} as secuencia,
    l.run_id,
    l.tabla,
    {{ quoted(source_name()) }} as origen,
    l.filas,
    l.periodos,
    l.huella,
    (
        select count(*) from {{ this }} as s
        where s.dbt_valid_from > coalesce(
            (select max(c.capturada_en) from landing.capturas as c where c.tabla = l.tabla), timestamp '1900-01-01'
        )
    ) as cambios,
    current_timestamp at time zone 'UTC' as capturada_en
from landing.contenidos as l
where l.run_id = '{{ this_run() }}' and l.tabla = '{{ tabla }}'
{%- endmacro %}


{# Tables that were read, found sound and the same as captured before: captured again, without a snapshot. #}
{% macro log_unchanged(tables) -%}
    {%- if tables %}
delete from landing.capturas where run_id = '{{ this_run() }}' and tabla in ('{{ tables | join("', '") }}');
insert into landing.capturas by name
select
    {{ sequence_of_this_run() }} as secuencia,
    run_id,
    tabla,
    {{ quoted(source_name()) }} as origen,
    filas,
    periodos,
    huella,
    0 as cambios,
    leida_en as capturada_en
from landing.contenidos
where run_id = '{{ this_run() }}' and tabla in ('{{ tables | join("', '") }}');
    {%- endif -%}
{%- endmacro %}


{# At the end of a run that built everything above raw: the key of what it stands on, so that the next run can tell
   whether anything is new. Without a key (a run by hand, a backtest, a challenger) nothing is kept. #}
{% macro log_transform(results) -%}
    {%- if execute and of_this_run('clave') is not none
        and results | selectattr('status', 'in', ['error', 'fail', 'skipped']) | list | length == 0 -%}
insert into landing.transformaciones
values ({{ quoted(of_this_run('clave')) }}, '{{ this_run() }}', current_timestamp at time zone 'UTC')
    {%- else -%}
select 1
    {%- endif -%}
{%- endmacro %}


{# The tables that an earlier capture stands in for, and why, as a map. #}
{% macro reasons_of_fallback() -%}
    {{ return(as_map(of_this_run('respaldos'))) }}
{%- endmacro %}


{# The optional tables, and what goes without each where a source does not deliver it, as a map. #}
{% macro reasons_of_absence() -%}
    {%- set reasons = {} -%}
    {%- for node in (graph.sources.values() if execute else []) if node.config.meta.get('remedio_ausente') -%}
        {%- do reasons.update({node.name: 'not delivered: ' ~ node.config.meta.remedio_ausente}) -%}
    {%- endfor -%}
    {{ return(as_map(reasons)) }}
{%- endmacro %}


{# Texts by name as SQL's map. #}
{% macro as_map(texts) -%}
    {%- set names = [] -%}
    {%- set values = [] -%}
    {%- for name, value in texts.items() -%}
        {%- do names.append(quoted(name)) -%}
        {%- do values.append(quoted(value)) -%}
    {%- endfor -%}
    {{ return('map(cast([' ~ names | join(', ') ~ '] as varchar[]), cast([' ~ values | join(', ') ~ '] as varchar[]))') }}
{%- endmacro %}
