{# The audit of a landing table. Each test returns rows that say to a person what is wrong:
   tabla, archivo, fila, columna, valor, problema, remedio. `aforo` prints them; dbt stores them in `auditoria`.
   What a table can be asked without another is one test, as each costs a tenth of a second of every run. #}

{% test auditoria(model, con_filas=false, varios_periodos=false, indices_consecutivos=false) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    unnest(problemas, recursive := true)
from {{ model }}
where len(problemas) > 0
    {%- if con_filas %}
union all
select
    '{{ model.identifier }}' as tabla,
    {{ quoted(source_name()) if execute else 'null' }} as archivo,
    null as fila,
    null as columna,
    null as valor,
    'the table has no rows' as problema,
    'deliver the table whole' as remedio
where not exists (select 1 from {{ model }})
    {%- endif %}
    {%- if varios_periodos %}
-- A forecast needs a period to learn from and one to compare it with.
union all
select
    '{{ model.identifier }}' as tabla,
    any_value(archivo) as archivo,
    null as fila,
    'periodo' as columna,
    {{ shown('cast(any_value(periodo) as varchar)', 'integer') }} as valor,
    'all rows are of one period' as problema,
    'deliver at least two periods of history' as remedio
from {{ model }}
where matriculados > 0
having count(distinct periodo) = 1
    {%- endif %}
    {%- if indices_consecutivos %}
-- The indices of a calendar are one to a period and without gaps.
union all
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    'indice' as columna,
    {{ shown('cast(indice as varchar)', 'integer') }} as valor,
    'does not follow the index before it' as problema,
    'number the periods one by one, in their order' as remedio
from {{ model }}
qualify indice - lag(indice) over (order by indice) <> 1
    {%- endif %}
union all
from ({{ what_is_lost(model) }})
{% endtest %}

{# A home is one institute's: of the campuses and of the courses that it holds, the delivery knows some. Renamed, closed and new
   ones are changes as any other; hardly any in common is another institute's source. #}
{% test mismo_instituto(model) %}
{{ config(tags=['auditoria'], store_failures=true) }}
{%- set captured = captured_relation(model.identifier) if execute else none %}
{%- if captured is none %}
{{ nothing_to_tell() }}
{%- else %}
with
codigos as (
    {%- for columna in ('sede', 'curso') %}
    {{ 'union all' if not loop.first }}
    select '{{ columna }}' as columna, {{ columna }} as codigo, bool_or(capturado) as capturado, bool_or(not capturado) as entregado
    from (
        select {{ columna }}, true as capturado from ({{ current_rows(captured) }})
        union all
        select {{ columna }}, false as capturado from {{ model }}
    )
    where {{ columna }} is not null
    group by all
    {%- endfor %}
)

select
    '{{ model.identifier }}' as tabla,
    (select any_value(archivo) from {{ model }}) as archivo,
    cast(null as bigint) as fila,
    columna,
    cast(null as varchar) as valor,
    'hardly any is one that was captured in this home (' || cast(count(*) filter (where capturado and entregado) as varchar) || ' of '
    || cast(count(*) filter (where entregado) as varchar) || '): the source is another institute''s' as problema,
    'name the source of the institute that the home is of, or use another --home; if it is the same under new codes, accept it once: '
    || 'aforo run --accept {{ model.identifier }}' as remedio
from codigos
group by columna
having
    count(*) filter (where capturado and entregado)
    < {{ var('en_comun_minimo') }} * least(count(*) filter (where capturado), count(*) filter (where entregado))
{%- endif %}
{% endtest %}

{# Every period is one of the calendar's, or a month YYYYMM where no calendar is delivered. #}
{% test periodos_en_calendario(model, calendario) %}
{{ config(tags=['auditoria'], store_failures=true) }}
select
    '{{ model.identifier }}' as tabla,
    archivo,
    fila,
    'periodo' as columna,
    {{ shown('cast(periodo as varchar)', 'integer') }} as valor,
    case
        when exists (select 1 from {{ calendario }}) then 'is not in calendario'
        else 'is not a month YYYYMM'
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
    {{ shown('ejemplo', 'varchar') }} as valor,
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
where estado = 'respaldo' and edad_dias > {{ var('dias_respaldo_maximo') }} and {{ of_this_run('run_id') is not none and of_this_run('as_of') is none }}
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
