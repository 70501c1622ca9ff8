{# The audit of a landing table. Each test returns rows that say to a person what is wrong:
   tabla, archivo, fila, columna, valor, problema, remedio. `aforo` prints them; dbt stores them in `auditoria`. #}

{% test sin_problemas(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    unnest(problemas, recursive := true)
from {{ model }}
where len(problemas) > 0
{% endtest %}

{% test con_filas(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    '{{ source_folder() }}' as archivo,
    cast(null as bigint) as fila,
    cast(null as varchar) as columna,
    cast(null as varchar) as valor,
    'the table has no rows' as problema,
    'deliver the table whole' as remedio
where not exists (select 1 from {{ model }})
{% endtest %}

{# Every period is one of the calendar's, or a month YYYYMM where no calendar is delivered. #}
{% test periodos_en_calendario(model, calendario) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    'periodo' as columna,
    cast(periodo as varchar) as valor,
    case
        when exists (select 1 from {{ calendario }}) then 'is not in calendario'
        else 'is no month YYYYMM'
    end as problema,
    'correct the value, or add the period to the table calendario' as remedio
from {{ model }}
where
    periodo is not null
    and case
        when exists (select 1 from {{ calendario }})
            then not exists (select 1 from {{ calendario }} as c where c.periodo = {{ model.identifier }}.periodo)
        else periodo not between 190001 and 299912 or periodo % 100 not between 1 and 12
    end
{% endtest %}

{# A forecast needs a period to learn from and one to compare it with. #}
{% test varios_periodos(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    any_value(archivo) as archivo,
    cast(null as bigint) as fila,
    'periodo' as columna,
    cast(any_value(periodo) as varchar) as valor,
    'all rows are of one period' as problema,
    'deliver at least two periods of history' as remedio
from {{ model }}
where matriculados > 0
having count(distinct periodo) = 1
{% endtest %}

{# The indices of a calendar are one to a period and without gaps. #}
{% test indices_consecutivos(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    'indice' as columna,
    cast(indice as varchar) as valor,
    'does not follow the index before it' as problema,
    'number the periods one by one, in their order' as remedio
from {{ model }}
qualify indice - lag(indice) over (order by indice) <> 1
{% endtest %}

{# The last good capture of the table's own source bounds what may be gone: rows in all, rows and students a period, values of
   a column. A source cut in the middle would else be captured as deletions, and one that lost a column as a change of every
   row. It bounds what may be there again, too: a month that is delivered twice. The newest period captured may grow as it likes.
   Var `aceptadas` names tables whose changes are right. #}
{% test como_antes(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
{%- set tabla = model.identifier %}
{%- set antes = adapter.get_relation(database=target.database, schema='snapshots', identifier=tabla) if execute else none %}
{%- if antes is none or tabla in of_this_run('aceptadas') or not captured_from_here(tabla) %}
{{ nothing_to_tell() }}
{%- else %}
{%- set columns = adapter.get_columns_in_relation(antes) | map(attribute='name') | reject('in', dbt_snapshot_columns()) | list %}
{%- set measures = [{'name': 'rows', 'sql': 'count(*)', 'by': none, 'column': none}] %}
{%- for column in columns %}
{%- do measures.append({'name': 'values', 'sql': 'count(' ~ column ~ ')', 'by': none, 'column': column}) %}
{%- endfor %}
{%- if 'periodo' in columns %}
{%- do measures.append({'name': 'rows', 'sql': 'count(*)', 'by': 'periodo', 'column': none}) %}
{%- endif %}
{%- if 'matriculados' in columns %}
{%- do measures.append({'name': 'students', 'sql': 'sum(matriculados)', 'by': 'periodo', 'column': none}) %}
{%- endif %}
with
antes as (select * from {{ antes }} where dbt_valid_to is null and dbt_is_deleted = 'False'),

ahora as (select * from {{ model }}),

medidas as (
    {%- for m in measures %}
    {{ 'union all' if not loop.first }}
    select
        {{ "'" ~ m.column ~ "'" if m.column else "case when a.grupo is not null then 'periodo' end" }} as columna,
        cast(a.grupo as varchar) as valor,
        '{{ m.name }}' as medida,
        a.cantidad as antes,
        coalesce(b.cantidad, 0) as ahora,
        {{ var('caida_periodo_maxima') if m.by else var('caida_maxima') }} as caida_maxima,
        {{ 'a.grupo < max(a.grupo) over ()' if m.by else 'false' }} as es_pasado
    from (select {{ m.by or 'null' }} as grupo, {{ m.sql }} as cantidad from antes group by all) as a
    left join (select {{ m.by or 'null' }} as grupo, {{ m.sql }} as cantidad from ahora group by all) as b
        on a.grupo is not distinct from b.grupo
    {%- endfor %}
)

select
    '{{ tabla }}' as tabla,
    (select any_value(archivo) from ahora) as archivo,
    cast(null as bigint) as fila,
    columna,
    valor,
    case
        when ahora = 0 and valor is not null then 'the period was captured before and has no ' || medida || ' now'
        when ahora < antes
            then
                'there are ' || cast(ahora as varchar) || ' ' || medida || ' where the last good capture has ' || cast(antes as varchar)
                || ': more than ' || cast(cast(100 * caida_maxima as integer) as varchar) || ' % are gone'
        else
            'there are ' || cast(ahora as varchar) || ' ' || medida || ' where the last good capture has ' || cast(antes as varchar)
            || ': is the period there twice?'
    end as problema,
    'deliver the table whole and once; if it is right as it is, accept it once: aforo run --accept {{ tabla }}' as remedio
from medidas
where
    (
        ahora < antes * (1 - caida_maxima)
        -- Where rows are gone, their values are too.
        and (medida <> 'values' or ahora < antes * (1 - caida_maxima) * least(1, (select m.ahora / m.antes from medidas as m where m.medida = 'rows' and m.valor is null)))
    )
    or (es_pasado and ahora > antes * (1 + {{ var('alza_periodo_maxima') }}) and ahora > antes + 10)
order by columna nulls first, valor, medida
{%- endif %}
{% endtest %}

{# Codes of sections that no mapping knows are set aside one by one; where they are many, the mapping is at fault. #}
{% test codigos_conocidos(model, columna, equivalencia, catalogo=none) %}
{{ config(tags=['auditoria'], store_failures=true) }}
with
secciones as (select * from {{ model }}),

conocidos as (
    select {{ columna }} as codigo from {{ equivalencia }}
    union
    select {{ columna }}_actual as codigo from {{ catalogo or equivalencia }}
),

contadas as (
    select
        count(*) filter (where {{ columna }} not in (select c.codigo from conocidos as c where c.codigo is not null)) as desconocidas,
        count(*) as todas,
        any_value(archivo) as archivo,
        min({{ columna }}) filter (where {{ columna }} not in (select c.codigo from conocidos as c where c.codigo is not null)) as ejemplo
    from secciones
)

select
    '{{ model.identifier }}' as tabla,
    archivo,
    cast(null as bigint) as fila,
    '{{ columna }}' as columna,
    ejemplo as valor,
    cast(desconocidas as varchar) || ' of ' || cast(todas as varchar) || ' sections have a code that no mapping knows' as problema,
    'deliver the mapping of these codes ({{ equivalencia.identifier }})' as remedio
from contadas
where
    exists (select 1 from conocidos)
    and desconocidas > {{ var('sin_codigo_maximo') }} * todas
{% endtest %}

{# A capture stands in for its table for so long and no longer. A past moment that is rebuilt on purpose may be any age, and
   what publishes nothing (a backtest, dbt by hand: no run_id) too. #}
{% test respaldo_vigente(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    tabla,
    origen as archivo,
    cast(null as bigint) as fila,
    cast(null as varchar) as columna,
    cast(null as varchar) as valor,
    'its last good capture is of ' || strftime(capturada_en, '%Y-%m-%d %H:%M') || ' UTC, ' || cast(floor(edad_dias) as integer)
    || ' days old: a forecast from data older than {{ var('dias_respaldo_maximo') }} days is not published (' || motivo_estado || ')' as problema,
    'mend the source and run again; or allow older data on purpose (var dias_respaldo_maximo in dbt_project.yml)' as remedio
from {{ model }}
where estado = 'respaldo' and edad_dias > {{ var('dias_respaldo_maximo') }} and {{ of_this_run('run_id') is not none and var('as_of') is none }}
{% endtest %}

{# Yesterday's file again is sound, and still worth a word when it goes on for long. #}
{% test contenido_reciente(model) %}
{{ config(tags=['auditoria'], store_failures=true, severity='warn') }}
select
    tabla,
    origen as archivo,
    cast(null as bigint) as fila,
    cast(null as varchar) as columna,
    cast(null as varchar) as valor,
    'nothing in it has changed since ' || strftime(cambio_en, '%Y-%m-%d %H:%M') || ' UTC' as problema,
    'see whether the export still runs' as remedio
from {{ model }}
where tabla = 'programacion' and estado = 'viva' and date_diff('day', cambio_en, capturada_en) > {{ var('dias_sin_cambios_maximo') }}
{% endtest %}
