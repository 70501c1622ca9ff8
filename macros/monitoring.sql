{# The kinds of alerts: a model condicion_<tipo> each, and what marts.alertas says of one. In `que` the words {donde}, {valor} and
   {umbral} stand for the row's own. To add a kind: its model, and an entry here. #}
{% macro alert_kinds() -%}
    {{ return({
        'sede_perdida': {
            'gravedad': 'grave',
            'que': "No hay ningún alumno de {donde}, que se dictaba en los periodos anteriores",
            'que_hacer': "Comprobar si cerró. Si no, pedir al sistema académico la entrega completa y capturarla de nuevo; hasta entonces, no decidir con el pronóstico.",
        },
        'volumen': {
            'gravedad': 'grave',
            'que': "{donde}: llegaron {valor} veces los alumnos que explican la estación y la tendencia (lo normal: de {inferior} a {umbral})",
            'que_hacer': "Buscar secciones repetidas o que faltan en la entrega de este periodo; si los números son ciertos, avisar a quien planifica.",
        },
        'mezcla': {
            'gravedad': 'grave',
            'que': "La distribución por {nivel} cambió: {valor}, y lo normal llega a {umbral}",
            'que_hacer': "Mirar los códigos nuevos o que faltan: equivalencia_cursos y horarios deben tenerlos (tabla cuarentena).",
        },
        'celdas': {
            'gravedad': 'aviso',
            'que': "{donde}: {valor} de los alumnos está en celdas que aparecen o desaparecen, y lo normal llega a {umbral}",
            'que_hacer': "Mirar si cambió el nombre de un horario o un curso, o si se abrió una oferta nueva.",
        },
        'sesgo': {
            'gravedad': 'aviso',
            'que': "{donde}: el pronóstico se desvió {valor} de los alumnos que llegaron (lo normal: de {inferior} a {umbral})",
            'que_hacer': "Ver marts.desempeno: si dura más de un periodo, volver a elegir modelos (aforo backtest) antes de publicar.",
        },
        'exactitud': {
            'gravedad': 'aviso',
            'que': "{donde}: el WAPE de las celdas fue {valor}, y lo normal llega a {umbral}",
            'que_hacer': "Ver marts.desempeno por programa y horario; si dura, volver a elegir modelos (aforo backtest).",
        },
        'cobertura': {
            'gravedad': 'aviso',
            'que': "{donde}: en el intervalo del 80 % quedó {valor} de las celdas, y lo normal es {inferior} o más",
            'que_hacer': "No tomar el intervalo por tan seguro como dice; si dura, volver a elegir modelos (aforo backtest).",
        },
        'equidad': {
            'gravedad': 'aviso',
            'que': "{donde}: en el último ciclo el pronóstico falló {valor} veces lo que falla en celdas de su tamaño en toda la institución, y se admite hasta {umbral}",
            'que_hacer': "Ver docs/governance.md (Fairness): revisar sus datos; mientras dure, decidir allí con el intervalo y no con el número.",
        },
        'pronostico': {
            'gravedad': 'grave',
            'que': "{donde}: se pronostican {valor} veces los alumnos que explican la estación y la tendencia (lo normal: de {inferior} a {umbral})",
            'que_hacer': "Comparar con la publicación anterior (marts.prediccion_jerarquia) y con los datos del último periodo antes de decidir.",
        },
        'revision': {
            'gravedad': 'grave',
            'que': "{donde}: sin datos nuevos, el pronóstico publicado cambió {valor} de los alumnos (se admite de {inferior} a {umbral})",
            'que_hacer': "Ver qué cambió entre las dos publicaciones (versión, parámetros o código); si no se quería, volver a la anterior: aforo rollback.",
        },
        'fuente_atrasada': {
            'gravedad': 'grave',
            'que': "{donde} lleva {valor} días sin cambios, y se espera uno cada {umbral} días",
            'que_hacer': "Comprobar que la exportación del sistema académico sigue corriendo.",
        },
        'duracion': {
            'gravedad': 'aviso',
            'que': "La corrida que pronosticó desde ese periodo tardó {valor} segundos, y se admiten {umbral}",
            'que_hacer': "Ver marts.ejecuciones y logs/aforo.log: más datos, disco lleno u otra carga en la máquina.",
        },
    }) }}
{%- endmacro %}

{# Each row of `relation` (nivel, donde, indice, valor, ruido) beside what the place's own earlier values say: `centro`, their
   median (or the one given), and `limite`, how far from it is still normal. Their spread is 1.4826 times the median distance
   from the centre, with the level's as two more values of it, and `ruido`, the variance that chance alone gives a count. With m
   places the limit of k deviations is wider, by sqrt(k^2 + 2 ln m): each must not raise an alarm of its own. Nothing of the row's
   period or a later one is in it. Rows with fewer earlier values than vigilancia_periodos_minimos are not there.
   student: the limit is wider, too, where few values tell the spread; for few deviations, where that matters. #}
{% macro against_its_past(relation, deviations, centre=none, student=false) -%}
(
        with
        previas as (
            select
                *,
                list(valor) over (
                    partition by nivel, donde order by indice rows between unbounded preceding and 1 preceding
                ) as previos
            from {{ relation }}
        ),

        centradas as (
            select
                *,
                {{ 'list_median(previos)' if centre is none else 'cast(' ~ centre ~ ' as double)' }} as centro
            from previas
            where len(previos) >= {{ var('vigilancia_periodos_minimos') }}
        ),

        medidas_propias as (
            select
                *,
                1.4826 * list_median(list_transform(previos, lambda previo: abs(previo - centro))) as propia
            from centradas
        ),

        con_lugares as (
            select
                *,
                median(propia) over (partition by nivel, indice) as del_nivel,
                count(*) over (partition by nivel, indice) as lugares
            from medidas_propias
        )

        select
            * exclude (previos, propia, del_nivel, lugares),
            round(
                sqrt((len(previos) * propia ** 2 + 2 * del_nivel ** 2) / (len(previos) + 2) + ruido)
                * {{ among_places(deviations, 'lugares', 'len(previos) - 1' if student else none) }}, 9
            ) as limite
        from con_lugares
    )
{%- endmacro %}

{# So many deviations as each of `places` must be away for none to raise an alarm of its own. freedom: of a spread known from so
   many values and one, Student's quantile in place of the normal one (its expansion, to the second term). #}
{% macro among_places(deviations, places, freedom=none) -%}
    {%- set wide = '(sqrt(' ~ deviations ~ ' ** 2 + 2 * ln(' ~ places ~ ')))' -%}
    {%- if freedom is none -%}
{{ wide }}
    {%- else -%}
(
    {{ wide }}
    + ({{ wide }} ** 3 + {{ wide }}) / (4 * ({{ freedom }}))
    + (5 * {{ wide }} ** 5 + 16 * {{ wide }} ** 3 + 3 * {{ wide }}) / (96 * ({{ freedom }}) ** 2)
)
    {%- endif -%}
{%- endmacro %}

{# The errors of final periods one step ahead, of the institute and each campus, as `value` measures them: CTEs up to `medidas`,
   after a `with`. noise: the variance that chance alone gives the value. #}
{% macro measured_errors(value, noise) -%}
errores as (
    select * from {{ ref('errores_vigilados') }}
    where horizonte = 1 and es_final and nivel in ('total', 'sede')
),

periodos as (select * from {{ ref('dim_periodos') }}),

medidas as (
    select
        nivel,
        donde,
        indice,
        round({{ value }}, 9) as valor,
        {{ noise }} as ruido
    from errores
    where {{ value }} is not null
)
{%- endmacro %}

{# `measured_errors` beside what the place's own past says (`against_its_past`): CTEs up to `juzgadas`. Some seasons are harder than
   others, each year: what the same season of the cycle before explains is normal (the institute's, where the place is newer), so
   `desde` and `hasta` go from the lower of it and the centre, less the limit, to the higher, and the limit. #}
{% macro judged_errors(value, noise) -%}
{{ measured_errors(value, noise) }},

limitadas as (
    select * from {{ against_its_past('medidas', var('vigilancia_desviaciones')) }}
),

del_instituto as (
    select * from medidas
    where nivel = 'total'
),

con_estacion as (
    select
        l.*,
        d.periodo,
        coalesce(e.valor, t.valor, l.centro) as de_la_estacion
    from limitadas as l
    inner join periodos as d on l.indice = d.indice
    left join medidas as e on l.nivel = e.nivel and l.donde = e.donde and l.indice - d.estaciones_por_ciclo = e.indice
    left join del_instituto as t on l.indice - d.estaciones_por_ciclo = t.indice
),

juzgadas as (
    select
        nivel,
        donde,
        periodo,
        valor,
        least(centro, de_la_estacion) - limite as desde,
        greatest(centro, de_la_estacion) + limite as hasta
    from con_estacion
)
{%- endmacro %}

{# A number as a sentence in Spanish has it: three decimals at most, a comma. #}
{% macro plain_number(column) -%}
    replace(rtrim(rtrim(printf('%.3f', {{ column }}), '0'), '.'), '.', ',')
{%- endmacro %}
