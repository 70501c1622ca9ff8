{% snapshot snapshot__equivalencia_cursos %}

{{ config(unique_key='curso') }}

select * exclude (archivo, fila, problemas)
from {{ ref('landing__equivalencia_cursos') }}

{% endsnapshot %}
